//! Scenarios through the whole datapath.
