//! Raw access to the Perl interpreter: types and constants by bindgen, every macro behind one C shim.
