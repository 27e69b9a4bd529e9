//! What test guests share with who tests them.

pub mod bulk;
