//! Exit codes: the guest's own, and why a run did not come to that.

use crate::gateway::GatewayError;
use crate::guest::{GuestError, GuestExit};
use crate::instance::InstanceError;
use crate::kernel::KernelError;
use crate::wire::tap::TapError;
use std::fmt;
use std::io;
use std::path::Path;

/// Exit code for a failure of the host, its configuration, a wire, or a file that cannot be used.
pub(crate) const HOST_FAILED: u8 = 125;
/// Exit code for a file that is no component, or one that does not link.
const DOES_NOT_LINK: u8 = 126;
/// Exit code for a guest or stack file that does not exist.
const NOT_FOUND: u8 = 127;
/// Exit code for a guest that trapped: 128 and the number of SIGABRT, as wasmtime has it.
const TRAPPED: u8 = 134;

/// A line for the user, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit_code: u8,
    line: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl Failure {
    pub(crate) fn new(exit_code: u8, line: impl fmt::Display) -> Self {
        Failure { exit_code, line: line.to_string() }
    }

    /// A failure of the host.
    pub(crate) fn host(line: impl fmt::Display) -> Self {
        Failure::new(HOST_FAILED, line)
    }

    /// The file of a component could not be read.
    pub(crate) fn component_file(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => {
                Failure::new(NOT_FOUND, format!("there is no file {}", path.display()))
            }
            _ => Failure::host(format!("cannot read {}: {error}", path.display())),
        }
    }
}

/// The exit code that a guest's end stands for; `who` is what the guest is called if there is more to say.
pub(crate) fn exit_code(who: &str, ended: Result<GuestExit, GuestError>) -> Result<u8, Failure> {
    match ended {
        Ok(GuestExit::Code(code)) => Ok(code as u8),
        Ok(GuestExit::Trap(trap)) => Err(Failure::new(TRAPPED, format!("{who} trapped: {trap}"))),
        Err(error) => Err(error.into()),
    }
}

impl From<InstanceError> for Failure {
    fn from(error: InstanceError) -> Self {
        Failure::host(error)
    }
}

impl From<TapError> for Failure {
    fn from(error: TapError) -> Self {
        Failure::host(error)
    }
}

impl From<GatewayError> for Failure {
    fn from(error: GatewayError) -> Self {
        Failure::host(error)
    }
}

impl From<KernelError> for Failure {
    fn from(error: KernelError) -> Self {
        let exit_code = match error {
            KernelError::NotAComponent { .. } | KernelError::DoesNotLink { .. } => DOES_NOT_LINK,
            KernelError::Configure(_)
            | KernelError::Start { .. }
            | KernelError::Wire(_)
            | KernelError::Engine(_) => HOST_FAILED,
        };
        Failure::new(exit_code, error)
    }
}

impl From<GuestError> for Failure {
    fn from(error: GuestError) -> Self {
        let exit_code = match error {
            GuestError::NotAComponent { .. } | GuestError::DoesNotLink { .. } => DOES_NOT_LINK,
            GuestError::Directory { .. } | GuestError::Start(_) | GuestError::StackFailed { .. } => {
                HOST_FAILED
            }
        };
        Failure::new(exit_code, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::NotAComponent;

    #[test]
    fn exit_codes() {
        let why = NotAComponent::NotWebAssembly;
        let name = "x.wasm".to_string();
        let missing = io::Error::from(io::ErrorKind::NotFound);
        let forbidden = io::Error::from(io::ErrorKind::PermissionDenied);
        let table: [(Failure, u8); 11] = [
            (KernelError::NotAComponent { name: name.clone(), why: why.clone() }.into(), 126),
            (KernelError::DoesNotLink { name: name.clone(), problems: vec![] }.into(), 126),
            (KernelError::Configure("no".into()).into(), 125),
            (KernelError::Start { name: name.clone(), why: "trap".into() }.into(), 125),
            (GuestError::NotAComponent { name: name.clone(), why }.into(), 126),
            (GuestError::DoesNotLink { name, problems: vec![] }.into(), 126),
            (GuestError::Start("no".into()).into(), 125),
            (TapError::Busy("tap0".into()).into(), 125),
            (GatewayError::AddressInUse(([127, 0, 0, 1], 80).into()).into(), 125),
            (Failure::component_file(Path::new("x.wasm"), &missing), 127),
            (Failure::component_file(Path::new("x.wasm"), &forbidden), 125),
        ];
        for (failure, exit_code) in table {
            assert_eq!(failure.exit_code, exit_code, "{failure}");
            assert!(!failure.to_string().contains('\n'));
        }
    }
}
