"""Bills of materials: facts read from artifacts, and CycloneDX and SPDX documents written, read, compared, merged."""
