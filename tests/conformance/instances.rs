//! Named instances and `wnet exec`: tools run on the stack of an instance, and end with whom they belong to.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::chown;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use conformance::artifacts;
use conformance::deadline::wait_for;
use conformance::namespace::{GUEST, LINUX, Namespace, TAP};
use conformance::needs::Skip;
use conformance::scratch::Scratch;
use conformance::wnet_process::{Ended, Wnet};
use rustix::process::{Signal, geteuid};

crate::cases! {
    a_tool_has_the_streams_arguments_and_exit_code_of_the_command,
    a_tool_shares_the_stack,
    a_tool_that_is_no_program_or_traps_says_so,
    a_tool_has_only_what_was_granted,
    a_name_is_taken_once,
    what_a_killed_instance_left_is_replaced,
    an_instance_that_does_not_run_is_125_and_names_those_that_do,
    a_short_form_without_a_name_is_2_and_names_the_instances,
    an_interrupt_ends_the_tool_and_not_the_instance,
    a_tool_ends_with_its_client,
    a_tool_ends_with_its_instance,
    other_users_are_refused,
    what_is_no_request_harms_nobody,
}

/// A folder for sockets, and the instances in it.
pub(crate) struct Instances(Scratch);

impl Instances {
    pub(crate) fn new() -> Result<Self> {
        Ok(Instances(Scratch::new()?))
    }

    /// A `wnet` whose sockets lie in the folder.
    pub(crate) fn command(&self) -> Result<Command> {
        let mut command = Command::new(artifacts::wnet()?);
        command.env("XDG_RUNTIME_DIR", self.0.folder());
        Ok(command)
    }

    /// Starts the instance `name`, whose guest listens at its own loopback.
    pub(crate) fn start(&self, name: &str) -> Result<Wnet> {
        let guest = artifacts::component("echo-server")?;
        let mut command = self.command()?;
        let instance =
            Wnet::spawn(command.args(["run", "--nic", "none", "--name", name]).arg(guest).arg("7"))?;
        instance.wait_for_line("listening on ")?;
        Ok(instance)
    }

    /// Starts the instance `name` on the TAP of `linux`, with Linux as its gateway. It has a socket all the same that
    /// commands outside of the namespace reach.
    pub(crate) fn start_on_tap(&self, linux: &Namespace, name: &str) -> Result<Wnet> {
        let guest = artifacts::component("echo-server")?;
        let mut command = linux.command(artifacts::wnet()?)?;
        command.env("XDG_RUNTIME_DIR", self.0.folder());
        command.args(["run", "--nic", &format!("tap:{TAP}"), "--ip", &format!("{GUEST}/24")]);
        command.args(["--gateway", &LINUX.to_string(), "--name", name]).arg(guest).arg("7");
        let instance = Wnet::spawn(&mut command)?;
        instance.wait_for_line("listening on ")?;
        Ok(instance)
    }

    /// Runs a command of `wnet` with these words to its end.
    pub(crate) fn wnet(&self, words: &[&str]) -> Result<Ended> {
        let mut tool = Wnet::spawn(self.command()?.args(words))?;
        drop(tool.input());
        tool.wait()
    }

    /// Starts `wnet exec` with these words; the name of a guest stands for its file.
    pub(crate) fn exec(&self, words: &[&str]) -> Result<Wnet> {
        let mut command = self.command()?;
        command.arg("exec");
        for word in words {
            match word.starts_with("test/") || *word == "echo-client" {
                true => command.arg(artifacts::component(word)?),
                false => command.arg(word),
            };
        }
        Wnet::spawn(&mut command)
    }

    /// Runs `wnet exec` to its end, without input.
    pub(crate) fn run(&self, words: &[&str]) -> Result<Ended> {
        let mut tool = self.exec(words)?;
        drop(tool.input());
        tool.wait()
    }

    fn socket(&self, name: &str) -> PathBuf {
        self.0.folder().join("wnet").join(name).with_extension("sock")
    }
}

fn a_tool_has_the_streams_arguments_and_exit_code_of_the_command() -> Result<()> {
    let instances = Instances::new()?;
    let _web = instances.start("web")?;
    let data = Scratch::new()?;
    data.write("file", "text")?;
    let folder = format!("{}::/data", data.folder().display());
    let ended = instances.run(&[
        "--on",
        "web",
        "--env",
        "A=b",
        "--dir",
        &folder,
        "test/surroundings",
        "--on",
        "ä",
    ])?;
    let expected = "argument surroundings.wasm\nargument --on\nargument ä\nvariable A=b\nfile file text\n\
                    outside PermissionDenied\n";
    ensure!(ended.code == Some(0) && ended.output == expected.as_bytes(), "{ended:?}");
    let failed = instances.run(&["--on", "web", "test/exit", "1"])?;
    ensure!(failed.code == Some(1) && failed.error.is_empty(), "{failed:?}");
    Ok(())
}

fn a_tool_shares_the_stack() -> Result<()> {
    let instances = Instances::new()?;
    let _web = instances.start("web")?;
    let mut client = instances.exec(&["--on", "web", "echo-client", "127.0.0.1", "7"])?;
    // More than pipes and sockets hold.
    let text = b"0123456789abcdef\n".repeat(50_000);
    client.feed(text.clone());
    let ended = client.wait()?;
    ensure!(ended.code == Some(0), "{:?}: {}", ended.code, ended.error);
    ensure!(ended.output == text, "{} bytes came back of {}", ended.output.len(), text.len());
    Ok(())
}

fn a_tool_that_is_no_program_or_traps_says_so() -> Result<()> {
    let instances = Instances::new()?;
    let _web = instances.start("web")?;
    let module = instances.0.write("module.wasm", b"\0asm\x01\0\0\0")?;
    let module = module.to_str().context("a path of UTF-8")?;
    let table = [
        (module, 126, "core WebAssembly module"),
        ("/no/such/file.wasm", 127, "/no/such/file.wasm"),
        ("/", 125, "it is no file"),
        ("test/trap", 134, "the guest trapped"),
    ];
    for (tool, code, part) in table {
        let ended = instances.run(&["--on", "web", tool])?;
        ensure!(ended.code == Some(code) && ended.error.contains(part), "{tool}: {ended:?}");
    }
    Ok(())
}

fn a_tool_has_only_what_was_granted() -> Result<()> {
    let instances = Instances::new()?;
    let _web = instances.start("web")?;
    let refused = instances.run(&["--on", "web", "test/control"])?;
    ensure!(refused.code == Some(126) && refused.error.contains("--grant control"), "{refused:?}");
    let granted = instances.run(&["--on", "web", "--grant", "control", "test/control"])?;
    ensure!(granted.code == Some(0), "{granted:?}");
    Ok(())
}

fn a_name_is_taken_once() -> Result<()> {
    let instances = Instances::new()?;
    let _web = instances.start("web")?;
    let guest = artifacts::component("echo-server")?;
    let mut second = instances.command()?;
    let second = Wnet::spawn(second.args(["run", "--nic", "none", "--name", "web"]).arg(guest))?.wait()?;
    ensure!(second.code == Some(125) && second.error.contains("web is running already"), "{second:?}");
    let ended = instances.run(&["--on", "web", "test/exit", "0"])?;
    ensure!(ended.code == Some(0), "the first one is still there: {ended:?}");
    Ok(())
}

fn what_a_killed_instance_left_is_replaced() -> Result<()> {
    let instances = Instances::new()?;
    let killed = instances.start("web")?;
    killed.signal(Signal::KILL)?;
    killed.wait()?;
    ensure!(instances.socket("web").exists(), "it had no time to clean up");
    let ended = instances.run(&["--on", "web", "test/exit", "0"])?;
    ensure!(ended.code == Some(125) && ended.error.contains("none is running"), "{ended:?}");
    let web = instances.start("web")?;
    let ended = instances.run(&["--on", "web", "test/exit", "0"])?;
    ensure!(ended.code == Some(0), "{ended:?}");
    web.terminate()?;
    ensure!(!instances.socket("web").exists(), "an orderly end leaves nothing");
    Ok(())
}

fn an_instance_that_does_not_run_is_125_and_names_those_that_do() -> Result<()> {
    let instances = Instances::new()?;
    let _running = (instances.start("one")?, instances.start("two")?);
    let ended = instances.run(&["--on", "three", "test/exit", "0"])?;
    ensure!(ended.code == Some(125) && ended.error.contains("running: one, two"), "{ended:?}");
    Ok(())
}

fn a_short_form_without_a_name_is_2_and_names_the_instances() -> Result<()> {
    let instances = Instances::new()?;
    let _web = instances.start("web")?;
    for words in [&["ip", "addr"][..], &["ping", "-c", "1", "127.0.0.1"], &["exec", "tool.wasm"]] {
        let ended = Wnet::spawn(instances.command()?.args(words))?.wait()?;
        ensure!(ended.code == Some(2) && ended.error.contains("running: web"), "{words:?}: {ended:?}");
    }
    let ended = Wnet::spawn(instances.command()?.args(["pign", "--on", "web"]))?.wait()?;
    ensure!(ended.code == Some(2) && ended.error.contains("'ping'"), "{ended:?}");
    Ok(())
}

fn an_interrupt_ends_the_tool_and_not_the_instance() -> Result<()> {
    let instances = Instances::new()?;
    let _web = instances.start("web")?;
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let tool = instances.exec(&["--on", "web", "test/spin"])?;
        tool.wait_for_line("spinning")?;
        tool.signal(signal)?;
        let ended = tool.wait()?;
        ensure!(ended.code == Some(code), "{ended:?}");
    }
    let ended = instances.run(&["--on", "web", "test/exit", "0"])?;
    ensure!(ended.code == Some(0), "{ended:?}");
    Ok(())
}

/// The client is killed, so that it can tell nobody; what its tool listens at is free then.
fn a_tool_ends_with_its_client() -> Result<()> {
    let instances = Instances::new()?;
    let _web = instances.start("web")?;
    let server = artifacts::component("echo-server")?;
    let server = server.to_str().context("a path of UTF-8")?;
    let tool = instances.exec(&["--on", "web", server, "8"])?;
    tool.wait_for_line("listening on ")?;
    tool.signal(Signal::KILL)?;
    tool.wait()?;
    wait_for("the port to be free", || {
        let mut client = instances.exec(&["--on", "web", "echo-client", "127.0.0.1", "8"]).ok()?;
        drop(client.input());
        (client.wait().ok()?.code != Some(0)).then_some(())
    })
}

fn a_tool_ends_with_its_instance() -> Result<()> {
    let instances = Instances::new()?;
    let web = instances.start("web")?;
    let tool = instances.exec(&["--on", "web", "test/spin"])?;
    tool.wait_for_line("spinning")?;
    web.terminate()?;
    let ended = tool.wait()?;
    ensure!(ended.code == Some(125) && ended.error.contains("the instance has ended"), "{ended:?}");
    Ok(())
}

/// The folder keeps others out; and whom it lets in, as root, the socket does not serve.
fn other_users_are_refused() -> Result<()> {
    const NOBODY: u32 = 65_534;
    if !geteuid().is_root() {
        return Err(Skip::because("needs root, to be somebody else"));
    }
    let instances = Instances::new()?;
    let web = instances.start("web")?;
    let as_nobody = |command: &mut Command| Wnet::spawn(command.uid(NOBODY));
    let other = as_nobody(instances.command()?.args(["exec", "--on", "web", "/dev/null"]));
    let Ok(other) = other else {
        return Err(Skip::because("needs a target folder that everybody can read"));
    };
    let other = other.wait()?;
    ensure!(other.code == Some(125) && other.error.contains("it is another user's"), "{other:?}");
    web.terminate()?;

    chown(instances.0.folder(), Some(NOBODY), None)?;
    chown(instances.0.folder().join("wnet"), Some(NOBODY), None)?;
    let guest = artifacts::component("echo-server")?;
    let mut command = instances.command()?;
    let nobodys = as_nobody(command.args(["run", "--nic", "none", "--name", "web"]).arg(guest).arg("7"))?;
    nobodys.wait_for_line("listening on ")?;
    let mut answer = Vec::new();
    UnixStream::connect(instances.socket("web"))?.read_to_end(&mut answer)?;
    ensure!(answer.is_empty(), "{answer:?}");
    nobodys.wait_for_line("another user's connection")?;
    Ok(())
}

fn what_is_no_request_harms_nobody() -> Result<()> {
    let instances = Instances::new()?;
    let _web = instances.start("web")?;
    let request = |bytes: &[u8]| -> Result<Vec<u8>> {
        let mut connection = UnixStream::connect(instances.socket("web"))?;
        connection.write_all(bytes)?;
        connection.shutdown(std::net::Shutdown::Write)?;
        let mut answer = Vec::new();
        match connection.read_to_end(&mut answer) {
            // What it did not want to read is told this way, behind the answer.
            Err(error) if error.kind() != ErrorKind::ConnectionReset => Err(error.into()),
            _ => Ok(answer),
        }
    };
    ensure!(request(b"")?.is_empty(), "nobody asked");
    // What is too short, of another protocol, of another version, too long, and without descriptors.
    for bytes in [
        &b"wnet"[..],
        b"GET / HTTP/1.1\r\n\r\n",
        b"wnet\x09\0\0\0\0\0\0\0",
        b"wnet\x01\0\0\0\xff\xff\xff\xff",
        b"wnet\x01\0\0\0\x04\0\0\0\xff\xff\xff\xff",
        b"wnet\x01\0\0\0\x17\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ] {
        let answer = request(bytes)?;
        let text = String::from_utf8_lossy(&answer);
        ensure!(answer.first() == Some(&125), "{bytes:?} was answered {text:?}");
    }
    let ended = instances.run(&["--on", "web", "test/exit", "0"])?;
    ensure!(ended.code == Some(0), "{ended:?}");
    Ok(())
}
