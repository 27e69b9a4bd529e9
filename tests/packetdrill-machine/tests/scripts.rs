//! All scripts of the repository, on the component.

use packetdrill::cli::{self, Options};
use packetdrill::machine::Machine;
use packetdrill_machine::{LabMachine, stack_component};
use std::path::PathBuf;
use wnet::lab::Blueprint;

#[test]
fn every_script_passes() {
    let scripts = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../packetdrill/scripts");
    let component = stack_component(None).expect("`cargo xtask build` comes first");
    let blueprint = Blueprint::load(component, true).unwrap();
    let status = cli::run(&[scripts], &Options::default(), |setup| {
        let machine = LabMachine::start(&blueprint, setup).map_err(|error| error.to_string())?;
        Ok(Box::new(machine) as Box<dyn Machine>)
    });
    assert_eq!(status, 0, "see above");
}
