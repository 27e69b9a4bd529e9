//! The register table in docs/e1000.md says what the model does.

use super::*;
use std::collections::BTreeMap;

const DOCUMENT: &str = include_str!("../../../../docs/e1000.md");

/// Offset, name and model column of each row.
fn rows() -> BTreeMap<u32, (String, String)> {
    DOCUMENT
        .lines()
        .filter_map(|line| line.strip_prefix("| 0x"))
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .map(|row| (u32::from_str_radix(row[0], 16).unwrap(), (row[1].to_owned(), row[3].to_owned())))
        .collect()
}

#[test]
fn every_register_is_in_the_table_at_its_offset() {
    let table: Vec<(u32, String)> = rows().into_iter().map(|(offset, (name, _))| (offset, name)).collect();
    let mut ours: Vec<(u32, String)> =
        Register::SINGLE.iter().map(|register| (register.offset(), format!("{register:?}"))).collect();
    ours.sort();
    assert_eq!(table, ours);
}

/// Stored registers keep a bit that is written, constant ones do not.
#[test]
fn stored_is_stored_and_constant_is_constant() {
    for (offset, (name, model)) in rows() {
        let mut machine = Machine::new();
        let before = machine.read(offset);
        let mut changed = false;
        for bit in 0..32 {
            machine.write(offset, 1 << bit);
            changed |= machine.read(offset) != before;
        }
        match model.as_str() {
            "stored" => assert!(changed, "{name}"),
            "constant" => assert!(!changed, "{name}"),
            "works" => {}
            other => panic!("{name}: unknown kind {other}"),
        }
    }
}

/// Names of tests in the table of bug classes are those of tests.
#[test]
fn tests_named_in_the_document_exist() {
    let sources = [include_str!("malformed_rings.rs"), include_str!("eeprom.rs")].concat();
    let section = DOCUMENT.split("## What a driver cannot do").nth(1).unwrap().split("## ").next().unwrap();
    let mut found = 0;
    for name in section
        .lines()
        .filter(|line| line.starts_with("| "))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
    {
        assert!(sources.contains(&format!("fn {name}()")), "{name}");
        found += 1;
    }
    assert_eq!(found, 16);
}
