"""`verify.py` in here is one file that needs nothing but Python: copy it anywhere."""
