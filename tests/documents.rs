//! What the documents say of the code is true: every function that `docs/packet-walk.md` names stands in the
//! file it names.

use std::fs;
use std::path::Path;

/// Pairs of a function and the file it is said to stand in: two neighbouring cells of a table, or `NAME` in
/// `FILE` in a sentence.
fn claims(text: &str) -> Vec<(String, String)> {
    let parts: Vec<&str> = text.split('`').collect();
    // Every second part stood between backticks.
    let quoted = |i: usize| parts.get(i).copied().unwrap_or_default();
    let mut claims = Vec::new();
    for i in (1..parts.len()).step_by(2) {
        let between = quoted(i + 1).trim();
        let file = quoted(i + 2);
        if (between == "|" || between == "in") && file.ends_with(".rs") {
            claims.push((quoted(i).to_owned(), file.to_owned()));
        }
    }
    claims
}

fn defines(source: &str, function: &str) -> bool {
    ["(", "<"].iter().any(|after| source.contains(&format!("fn {function}{after}")))
}

#[test]
fn the_packet_walk_names_what_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let walk = fs::read_to_string(root.join("docs/packet-walk.md")).expect("the document");
    let claims = claims(&walk);
    assert!(claims.len() > 60, "only {} claims were found: has the document's form changed?", claims.len());
    for (function, file) in claims {
        let source = fs::read_to_string(root.join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(defines(&source, &function), "docs/packet-walk.md: no function {function} in {file}");
    }
}

#[test]
fn a_wrong_claim_would_be_found() {
    assert_eq!(claims("| a | `run` | `x/y.rs` | `z` |"), [("run".to_owned(), "x/y.rs".to_owned())]);
    assert!(defines("    pub fn run<R>(", "run") && !defines("fn runs(", "run"));
}
