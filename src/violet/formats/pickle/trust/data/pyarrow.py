"""Names trusted in pickles (pyarrow). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "pyarrow": (
        "_reconstruct_chunked_array _reconstruct_record_batch _reconstruct_table _restore_array array binary "
        "binary_view bool_ chunked_array date32 date64 decimal128 decimal256 dictionary duration field float16 float32 "
        "float64 int16 int32 int64 int8 large_binary large_list large_string large_utf8 list_ map_ null py_buffer "
        "run_end_encoded scalar schema string string_view struct time32 time64 timestamp type_for_alias uint16 uint32 "
        "uint64 uint8 utf8"
    ),
    "pyarrow.lib": (
        "_reconstruct_chunked_array _reconstruct_record_batch _reconstruct_table _restore_array array binary "
        "binary_view bool_ chunked_array date32 date64 decimal128 decimal256 dictionary duration field float16 float32 "
        "float64 int16 int32 int64 int8 large_binary large_list large_string large_utf8 list_ map_ null py_buffer "
        "run_end_encoded scalar schema string string_view struct time32 time64 timestamp type_for_alias uint16 uint32 "
        "uint64 uint8 utf8"
    ),
}
