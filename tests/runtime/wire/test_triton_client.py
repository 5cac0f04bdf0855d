"""Bodies that tritonclient 2.73.0 wrote (``InferenceServerClient.generate_request_body``), kept as they were."""

from __future__ import annotations

import pytest

from tests.runtime.wire.forms import JSON, as_lists
from violet.runtime.wire.open_inference import OpenInference

BINARY = (
    (
        b'{"id":"7","inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","parameters":{"binary_data_size":16}},'
        b'{"name":"w","shape":[2,1],"datatype":"BYTES","parameters":{"binary_data_size":19}},'
        b'{"name":"f","shape":[2,1],"datatype":"FP16","parameters":{"binary_data_size":4}},'
        b'{"name":"b","shape":[2,1],"datatype":"BF16","parameters":{"binary_data_size":4}},'
        b'{"name":"t","shape":[2,1],"datatype":"BOOL","parameters":{"binary_data_size":2}}],'
        b'"outputs":[{"name":"p","parameters":{"binary_data":true}}]}'
        b"\x00\x00\xc0?\x00\x00\x00@\x00\x00@@\x00\x00\x80\xc0\x05\x00\x00\x00nurse\x06\x00\x00\x00b\xc3\xa4ker"
        b"\x008\x004\x00?\x80>\x01\x00"
    ),
    "488",
)
MIXED = (
    (
        b'{"id":"7","inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[1.5,2.0,3.0,-4.0]},'
        b'{"name":"w","shape":[2,1],"datatype":"BYTES","data":["nurse","b\\u00E4ker"]},'
        b'{"name":"f","shape":[2,1],"datatype":"FP16","parameters":{"binary_data_size":4}},'
        b'{"name":"b","shape":[2,1],"datatype":"BF16","parameters":{"binary_data_size":4}},'
        b'{"name":"t","shape":[2,1],"datatype":"BOOL","data":[true,false]}],'
        b'"outputs":[{"name":"p","parameters":{"binary_data":false}}]}\x008\x004\x00?\x80>'
    ),
    "455",
)


@pytest.mark.parametrize("sent", [BINARY, MIXED])
def test_what_it_sends_is_read(sent: tuple[bytes, str]) -> None:
    body, length = sent
    found = OpenInference().question("/v2/models/m/infer", {**JSON, "inference-header-content-length": length}, body)
    assert found.names == ("x[0]", "x[1]", "w", "f", "b", "t")
    assert as_lists(found.rows) == [[1.5, 2, "nurse", 0.5, 0.5, 1], [3, -4, "bäker", 0.25, 0.25, 0]]
