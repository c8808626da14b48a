"""The languages of other machines: HL7 v2 over MLLP, DICOM associations. Knows nothing of images or orders."""
