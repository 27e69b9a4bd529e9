//! The world's types and traits, generated from `wit/`, and the exported functions that call [`Component`].

// Generated code: the canonical ABI is raw pointers.
#![allow(unsafe_code, missing_docs, unreachable_pub, clippy::undocumented_unsafe_blocks)]

use crate::Component;

wit_bindgen::generate!({
    path: "../wit",
    world: "wnet:stack/stack-complete",
    // Imports take slices of slices: frames go out without a copy on our side.
    ownership: Borrowing { duplicate_if_necessary: true },
    generate_all,
});

export!(Component);
