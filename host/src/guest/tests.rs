//! Components that are no programs are refused, and told why.

use super::*;

fn refusal(wat: &str) -> String {
    match load("odd.wasm", &wat::parse_str(wat).unwrap(), Grants::default()) {
        Ok(_) => panic!("an odd component was linked"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn modules_and_libraries() {
    let module = refusal("(module)");
    assert!(module.starts_with("odd.wasm cannot be run: it is a core WebAssembly module"), "{module}");
    assert_eq!(refusal("(component)"), "odd.wasm cannot be run: it does not export wasi:cli/run@0.2.12");
}

#[test]
fn imports_that_nobody_provides() {
    let text = refusal(
        r#"(component
            (import "wasi:cli/environment@0.2.3" (instance))
            (import "wasi:sockets/tcp@0.3.0" (instance))
            (import "wasi:http/types@0.2.0" (instance)))"#,
    );
    assert!(!text.contains("wasi:cli/environment"), "{text}");
    let wrong_version = "it imports wasi:sockets/tcp@0.3.0, and what is provided is wasi:sockets/tcp@0.2.12";
    assert!(text.contains(wrong_version), "{text}");
    assert!(text.contains("it imports wasi:http/types@0.2.0, which nobody provides"), "{text}");
}

#[test]
fn imports_that_have_to_be_granted() {
    for (interface, grant) in [
        ("control", "control"),
        ("raw-sockets", "raw or --grant ping"),
        ("raw-headers", "raw"),
        ("packet-sockets", "packet"),
    ] {
        let text = refusal(&format!(r#"(component (import "wnet:stack/{interface}@0.1.0" (instance)))"#));
        let expected =
            format!("it imports wnet:stack/{interface}@0.1.0, which it was not granted (--grant {grant})");
        assert!(text.contains(&expected), "{text}");
    }
}

#[test]
fn programs_of_wasi_0_3() {
    let text = refusal(r#"(component (import "wasi:cli/run@0.3.0" (instance (export "run" (func async)))))"#);
    assert!(text.contains("WASI 0.3") && text.contains("wasm32-wasip2"), "{text}");
}

#[test]
fn a_trap_is_told_before_its_place() {
    let error = wasmtime::format_err!("resource has children").context("somewhere");
    assert_eq!(describe(&error), "somewhere: resource has children");
}
