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
    let program = |version: &str| {
        format!(
            r#"(core module $m (func (export "run") (result i32) unreachable)
                               (func (export "callback") (param i32 i32 i32) (result i32) unreachable))
            (core instance $i (instantiate $m))
            (func $run async (result (result)) (canon lift (core func $i "run") async
                (callback (core func $i "callback"))))
            (instance $run (export "run" (func $run)))
            (export "wasi:cli/run@{version}" (instance $run))"#
        )
    };
    let older = r#"(core module $m2 (func (export "run") (result i32) unreachable))
        (core instance $i2 (instantiate $m2))
        (func $run2 (result (result)) (canon lift (core func $i2 "run")))
        (instance $run2 (export "run" (func $run2)))
        (export "wasi:cli/run@0.2.3" (instance $run2))"#;
    for parts in [program("0.3.0"), program("0.3.2"), format!("{}{older}", program("0.3.0"))] {
        let bytes = wat::parse_str(format!("(component {parts})")).unwrap();
        let loaded = load("new.wasm", &bytes, Grants::default()).unwrap();
        assert!(matches!(loaded, Command::Wasi03(_)), "{parts}");
    }
    let bytes = wat::parse_str(format!("(component {older})")).unwrap();
    assert!(matches!(load("old.wasm", &bytes, Grants::default()).unwrap(), Command::Wasi02(_)));
}

#[test]
fn imports_of_wasi_0_3_that_nobody_provides() {
    let text =
        refusal(r#"(component (import "wasi:http/client@0.3.0" (instance (export "send" (func async)))))"#);
    assert!(text.contains("it imports wasi:http/client@0.3.0, which nobody provides"), "{text}");
    assert!(text.contains("it does not export wasi:cli/run@0.2.12"), "{text}");
}

#[test]
fn a_trap_is_told_before_its_place() {
    let error = wasmtime::format_err!("resource has children").context("somewhere");
    assert_eq!(describe(&error), "somewhere: resource has children");
}
