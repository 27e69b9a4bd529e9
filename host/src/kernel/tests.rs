//! Components that are no stacks are refused, and told why.

use super::*;

fn refusal(bytes: Vec<u8>) -> String {
    let component = StackComponent::new("odd.wasm", bytes);
    let config = KernelConfig { component, nics: Vec::new(), sysctls: Vec::new(), names: None, cache: false };
    match Kernel::start(config) {
        Ok(_) => panic!("an odd component was started"),
        Err(error) => error.to_string(),
    }
}

fn refusal_of_wat(wat: &str) -> String {
    refusal(wat::parse_str(wat).unwrap())
}

#[test]
fn files_of_other_kinds() {
    assert_eq!(
        refusal(b"#!/bin/sh".to_vec()),
        "odd.wasm is not a stack component: it is not a WebAssembly component"
    );
    let module = refusal_of_wat("(module)");
    assert!(module.contains("core WebAssembly module") && module.contains("wasm32-wasip2"), "{module}");
}

#[test]
fn a_component_without_exports() {
    assert_eq!(
        refusal_of_wat("(component)"),
        "odd.wasm does not fulfil the world wnet:stack/stack: \
         it does not export wasi:io/error@0.2.12; it does not export wasi:io/poll@0.2.12; \
         it does not export wasi:io/streams@0.2.12; it does not export wasi:clocks/monotonic-clock@0.2.12; \
         and 8 more"
    );
}

#[test]
fn imports_that_nobody_provides() {
    let text = refusal_of_wat(
        r#"(component
            (import "wasi:cli/environment@0.2.3" (instance))
            (import "wnet:nic/pci@0.2.0" (instance))
            (import "acme:magic/wand@1.0.0" (instance)))"#,
    );
    assert!(!text.contains("wasi:cli/environment"), "every WASI 0.2 is there, if inert: {text}");
    assert!(
        text.contains("it imports wnet:nic/pci@0.2.0, and what is provided is wnet:nic/pci@0.1.0"),
        "{text}"
    );
    assert!(text.contains("it imports acme:magic/wand@1.0.0, which nobody provides"), "{text}");
}
