//! Components that are not as they should be: guests in a few words of text, and the real stack with some of
//! its functions made to trap.

use std::collections::HashMap;
use std::ops::Range;

use anyhow::{Context, Result, ensure};
use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentOuterAliasKind, ComponentTypeRef, Encoding, ExternalKind,
    Parser, Payload, TypeRef,
};

/// A component from its text.
///
/// # Errors
/// If the text is none.
pub fn from_text(text: &str) -> Result<Vec<u8>> {
    Ok(wat::parse_str(text)?)
}

/// A core module: what compilers make that do not know components.
///
/// # Panics
/// Never.
pub fn core_module() -> Vec<u8> {
    from_text("(module (func (export \"_start\")))").expect("the text is right")
}

/// A program that wants an interface which nobody has.
///
/// # Panics
/// Never.
pub fn guest_with_a_strange_import() -> Vec<u8> {
    let text = r#"(component
        (import "example:strange/thing@1.2.3" (instance (export "do-it" (func)))))"#;
    from_text(text).expect("the text is right")
}

/// A component that is valid and does nothing: no program, and no stack.
///
/// # Panics
/// Never.
pub fn empty_component() -> Vec<u8> {
    from_text("(component)").expect("the text is right")
}

/// The stack component `stack` in which the functions with the exported names `names` trap when they are
/// called, as "wasi:sockets/tcp-create-socket@0.2.12#create-tcp-socket". The rest is as it was.
///
/// # Errors
/// If a function is not found.
pub fn sabotaged(stack: &[u8], names: &[&str]) -> Result<Vec<u8>> {
    let bodies = exported_bodies(stack)?;
    let mut sabotaged = stack.to_vec();
    for name in names {
        let body = bodies.get(*name).with_context(|| format!("the stack has no function {name}"))?;
        let code = sabotaged.get_mut(body.clone()).context("a function lies inside of its file")?;
        trap(code)?;
    }
    Ok(sabotaged)
}

/// Replaces a function's body, behind its locals, by one of the same length that traps.
fn trap(code: &mut [u8]) -> Result<()> {
    const UNREACHABLE: u8 = 0x00;
    const NOP: u8 = 0x01;
    const END: u8 = 0x0b;
    ensure!(code.len() >= 2 && code.last() == Some(&END), "a body ends with `end`");
    code.fill(NOP);
    code[0] = UNREACHABLE;
    code[code.len() - 1] = END;
    Ok(())
}

/// Where in the file the code of the functions is that the component's main module exports, by name, without
/// its locals.
fn exported_bodies(component: &[u8]) -> Result<HashMap<String, Range<usize>>> {
    let mut largest = HashMap::new();
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::ModuleSection { parser, unchecked_range } = payload? {
            let module = component.get(unchecked_range).context("a module lies inside of its component")?;
            let bodies = module_bodies(parser, module)?;
            // Beside the main module there are small ones that connect things.
            if bodies.len() > largest.len() {
                largest = bodies;
            }
        }
    }
    Ok(largest)
}

fn module_bodies(parser: Parser, module: &[u8]) -> Result<HashMap<String, Range<usize>>> {
    let (mut imported, mut exports, mut bodies) = (0, Vec::new(), Vec::new());
    for payload in parser.parse_all(module) {
        match payload? {
            Payload::Version { encoding, .. } => ensure!(encoding == Encoding::Module, "a module is one"),
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        exports.push((export.name.to_owned(), export.index as usize));
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                let code = body.get_operators_reader()?.original_position();
                bodies.push(code..body.range().end);
            }
            _ => {}
        }
    }
    let body = |(name, index): (String, usize)| {
        let own = index.checked_sub(imported)?;
        Some((name, bodies.get(own)?.clone()))
    };
    Ok(exports.into_iter().filter_map(body).collect())
}

/// The stack component `stack` as a toolchain with a whole standard library would have made it: it also imports
/// the environment and the files of WASI, without ever using them.
///
/// # Errors
/// If it is no component.
pub fn with_needless_imports(stack: &[u8]) -> Result<Vec<u8>> {
    /// Sections of the component model's binary format.
    const TYPES: u8 = 7;
    const IMPORTS: u8 = 10;
    const INSTANCE: u8 = 5;
    let interfaces = r#"(component
        (type (instance (export "get-arguments" (func (result (list string))))))
        (type (instance
            (export "descriptor" (type $descriptor (sub resource)))
            (export "[method]descriptor.sync-data" (func (param "self" (borrow $descriptor)))))))"#;
    let interfaces = from_text(interfaces)?;
    let types = Parser::new(0).parse_all(&interfaces).find_map(|payload| match payload {
        Ok(Payload::ComponentTypeSection(section)) => interfaces.get(section.range()),
        _ => None,
    });
    let first = type_count(stack)?;
    let mut imports = vec![2];
    for (number, name) in (first..).zip(["wasi:cli/environment@0.2.0", "wasi:filesystem/types@0.2.0"]) {
        imports.extend([0, u8::try_from(name.len())?]);
        imports.extend_from_slice(name.as_bytes());
        imports.push(INSTANCE);
        imports.extend(leb128(number));
    }
    let mut changed = stack.to_vec();
    for (section, content) in [(TYPES, types.context("there are types")?), (IMPORTS, &imports)] {
        changed.push(section);
        changed.extend(leb128(u32::try_from(content.len())?));
        changed.extend_from_slice(content);
    }
    Ok(changed)
}

/// How many types a component has itself: the number of the next one.
fn type_count(component: &[u8]) -> Result<u32> {
    let (mut count, mut depth) = (0, 0);
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            _ if depth != 1 => {}
            Payload::ComponentTypeSection(section) => count += section.count(),
            Payload::ComponentImportSection(section) => {
                for import in section {
                    count += u32::from(matches!(import?.ty, ComponentTypeRef::Type(_)));
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    count += u32::from(export?.kind == ComponentExternalKind::Type);
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    count += u32::from(matches!(
                        alias?,
                        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Type, .. }
                            | ComponentAlias::Outer { kind: ComponentOuterAliasKind::Type, .. }
                    ));
                }
            }
            _ => {}
        }
    }
    Ok(count)
}

/// A number as WebAssembly writes it.
fn leb128(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// The names of what a component imports and exports.
///
/// # Errors
/// If it is none.
pub fn names(component: &[u8]) -> Result<(Vec<String>, Vec<String>)> {
    let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0);
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPONENT: &str = r#"(component
        (import "a:b/c@1.0.0" (instance))
        (core module $m
            (func $other (result i32) i32.const 1)
            (func (export "x:y/z#one") (param i64) (result i32) (local i32 f64) call $other local.get 1 i32.add)
            (func (export "x:y/z#two") (result i32) i32.const 2))
        (core instance $i (instantiate $m))
        (func $two (result u32) (canon lift (core func $i "x:y/z#two")))
        (component $inner (import "two" (func $two (result u32))) (export "inner" (func $two)))
        (export "two" (func $two)))"#;

    #[test]
    fn names_are_those_of_the_component_itself() {
        let (imports, exports) = names(&from_text(COMPONENT).unwrap()).unwrap();
        assert_eq!(imports, ["a:b/c@1.0.0"]);
        assert_eq!(exports, ["two"]);
    }

    #[test]
    fn needless_imports_are_added() {
        let changed = with_needless_imports(&from_text(COMPONENT).unwrap()).unwrap();
        let (imports, exports) = names(&changed).unwrap();
        assert_eq!(imports, ["a:b/c@1.0.0", "wasi:cli/environment@0.2.0", "wasi:filesystem/types@0.2.0"]);
        assert_eq!(exports, ["two"]);
    }

    #[test]
    fn numbers_are_written_as_webassembly_does() {
        assert_eq!((leb128(0), leb128(127), leb128(624_485)), (vec![0], vec![127], vec![0xe5, 0x8e, 0x26]));
    }

    #[test]
    fn only_the_named_function_is_changed_and_it_traps() {
        let sound = from_text(COMPONENT).unwrap();
        let spoilt = sabotaged(&sound, &["x:y/z#one"]).unwrap();
        let changed: Vec<usize> = (0..sound.len()).filter(|at| sound[*at] != spoilt[*at]).collect();
        let body = &exported_bodies(&sound).unwrap()["x:y/z#one"];
        assert!(changed.iter().all(|at| body.contains(at)), "{changed:?} in {body:?}");
        assert_eq!(spoilt[body.start], 0);
        assert!(wasmparser::Parser::new(0).parse_all(&spoilt).all(|payload| payload.is_ok()));
        assert!(sabotaged(&sound, &["x:y/z#three"]).is_err());
    }
}
