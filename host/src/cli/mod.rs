//! The command line: arguments in, a plain [`Config`] or a usage error (exit code 2) out.

mod cards;
mod config;
mod exec;
mod file;
mod guests;
mod limits;
mod names;
mod near;
mod policy;
#[cfg(test)]
mod tests;
mod values;

pub use cards::{Card, WireConfig};
pub use config::Config;
pub use exec::{ExecConfig, ToolSource};
pub use file::{FileError, read};
pub use guests::Guest;
pub use values::Cidr;

use crate::gate::Grant;
use crate::gateway::Publish;
use crate::instance::InstanceName;
use crate::tools;
use cards::Places;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser};
use exec::{ExecArguments, ToolArguments};
use limits::LimitArguments;
use names::NameArguments;
use policy::PolicyArguments;
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use values::{AddressArgument, DirectoryMapping, Variable, WireArgument, mtu};

/// Runs WebAssembly programs on a network stack that is itself a WebAssembly component.
#[derive(Debug, Parser)]
#[command(name = "wnet", version, subcommand_required = true, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Run(Box<RunArguments>),
    Up(UpArguments),
    Exec(Box<ExecArguments>),
    /// Shows and changes links, addresses, routes, rules and neighbours of an instance
    Ip(ToolArguments),
    /// Shows the counters of an instance's stack
    Nstat(ToolArguments),
    /// Sends ICMP echo requests from an instance and tells what comes back
    Ping(ToolArguments),
    /// Shows whom names are asked of on an instance, and where they are searched
    Resolvectl(ToolArguments),
    /// Shows the sockets of an instance
    Ss(ToolArguments),
    /// Shows and changes the settings of an instance's stack
    Sysctl(ToolArguments),
    /// Shows the frames that pass an instance's devices, or writes them to a file
    Tcpdump(ToolArguments),
    /// Shows the way that packets of an instance take
    Traceroute(ToolArguments),
    Packetdrill(PacketdrillArguments),
}

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// `wnet run`
    Run(Box<Config>),
    /// `wnet up`, with the file that says what to do.
    Up(PathBuf),
    /// `wnet exec`, or the short form of a built-in tool.
    Exec(Box<ExecConfig>),
    /// `wnet packetdrill`, which is a program of its own, with its arguments.
    Packetdrill(Vec<OsString>),
}

/// Plays packetdrill's scripts against the stack, in virtual time
///
/// The program wnet-packetdrill beside this one does it; `wnet packetdrill --help` shows its options.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
struct PacketdrillArguments {
    /// Scripts, directories of scripts, and options
    #[arg(value_name = "FILE|DIR", trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Runs guest programs as a file says
///
/// The file is TOML: [network] and [[guest]], with the names of the options of `wnet run` as keys. docs/command-line.md
/// has the format.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
struct UpArguments {
    /// The file, as net.toml; paths in it begin at its folder
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Runs guest programs on a network stack of their own
///
/// A guest is a component that imports wasi:sockets 0.2 or 0.3, as `cargo build --target wasm32-wasip2` makes it.
/// Its exit code becomes that of wnet; of several guests, the first one that is not 0. The options before the first
/// guest hold for all.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
struct RunArguments {
    /// Name of this instance, in the log and for `wnet exec --on NAME` [default: none]
    #[arg(long)]
    name: Option<InstanceName>,

    /// Stack component to use in place of the built-in one
    #[arg(long, value_name = "FILE")]
    stack: Option<PathBuf>,

    /// What a network card is plugged into: `user`, a gateway inside of this process that needs no privileges;
    /// `tap:NAME`, an existing TAP device; `none`, no card (the loopback device alone). Several make several
    /// cards, eth0, eth1 and so on; --mac, --mtu, --ip and --gateway belong to the card before them
    #[arg(long, value_name = "WIRE", default_value = "user", value_parser = values::wire)]
    nic: Vec<WireArgument>,

    /// MAC address of the network card [default: 52:54 and the last four bytes of the first address; random where there is none]
    #[arg(long, value_name = "MAC", value_parser = values::mac)]
    mac: Vec<[u8; 6]>,

    /// Largest IP packet of the network card in bytes, 68 to 16110, on the user wire to 1500 [default: a TAP's own, 1500]
    #[arg(long, value_name = "BYTES", value_parser = mtu)]
    mtu: Vec<u16>,

    /// Address of the network card with the length of its network prefix in bits, IPv4 or IPv6; the first of
    /// each is the primary one. `dhcp`: IPv4 from a DHCP server; `link-local`: one of 169.254.0.0/16 that nobody has, beside `dhcp` while no server answers; `auto`: IPv6 from routers' advertisements [default: 10.0.2.15/24 and fd24:6c63:dd76::15/64 on the user wire; a TAP needs one]
    #[arg(long = "ip", value_name = "ADDRESS/PREFIX|dhcp|link-local|auto", value_parser = values::address)]
    addresses: Vec<AddressArgument>,

    /// Next hop of the default route [default: on the user wire its gateway, 10.0.2.2 and fd24:6c63:dd76::2; on a TAP none]
    #[arg(long = "gateway", value_name = "ADDRESS", value_parser = values::gateway)]
    gateways: Vec<IpAddr>,

    #[command(flatten)]
    names: NameArguments,

    /// File of names with their addresses, as /etc/hosts is one [default: none]
    #[arg(long, value_name = "FILE")]
    hosts_file: Option<PathBuf>,

    #[command(flatten)]
    policy: PolicyArguments,

    #[command(flatten)]
    limits: LimitArguments,

    /// Publishes a port of the guest: connections (with /udp behind it: datagrams) to port HOST of this machine reach
    /// the guest's port GUEST (user wire only). Listens on 127.0.0.1 unless IP says otherwise; HOST 0 takes a free port and
    /// prints it
    #[arg(short, long, value_name = "[IP:]HOST:GUEST[/udp]", value_parser = values::publish)]
    publish: Vec<Publish>,

    /// Directory HOST of this machine that the guest sees as GUEST [default GUEST: the same path]
    #[arg(long = "dir", value_name = "HOST[::GUEST]", value_parser = values::directory)]
    directories: Vec<DirectoryMapping>,

    /// Variable in the guest's environment; without a value it is copied from this one [default: none]
    #[arg(long = "env", value_name = "NAME[=VALUE]", value_parser = values::variable)]
    environment: Vec<Variable>,

    /// Setting of the stack by its Linux name, as net.ipv4.tcp_syn_retries=3
    #[arg(long = "sysctl", value_name = "KEY=VALUE", value_parser = values::sysctl)]
    sysctls: Vec<(String, String)>,

    /// Lets the guest do what guests may not; `control`: see and change the settings of the whole stack
    /// (wnet:stack/control); `raw`, `ping`: have such sockets (wnet:stack/raw-sockets); `packet`: have sockets at
    /// the devices (wnet:stack/packet-sockets); several with commas between [default: nothing]
    #[arg(long = "grant", value_name = "WHAT", value_delimiter = ',', value_parser = values::grant)]
    grants: Vec<Grant>,

    /// Writes all frames of the network cards to FILE, in the pcapng format
    #[arg(long, value_name = "FILE")]
    pcap: Option<PathBuf>,

    /// The guest program, a component, and its arguments, which are passed on as they are. A lone `+` stands before
    /// the next guest, which shares the stack; `\+` is an argument `+`
    #[arg(value_names = ["GUEST.wasm", "ARGS"], required = true, trailing_var_arg = true)]
    guests: Vec<OsString>,
}

/// Exit code for a command line, or a file, that says what cannot be.
const WRONG_USAGE: u8 = 2;

const AFTER_HELP: &str = "\
Exit codes: the guest's own; 2 wrong usage; 125 failure of the host, its configuration or a wire; 126 the guest \
or the stack is no component or does not link; 127 file not found; 134 the guest trapped; 130 and 143 after \
SIGINT and SIGTERM.
Log: on standard error, filtered by WNET_LOG, or RUST_LOG [default: warn].";

/// A command that was perhaps meant: clap misses those of few letters.
fn suggest(mut error: clap::Error) -> clap::Error {
    let commands = Arguments::command();
    if let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand)
        && error.get(ContextKind::SuggestedSubcommand).is_none()
        && let Some(near) = near::near(word, commands.get_subcommands().map(clap::Command::get_name))
    {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![near.to_owned()]));
    }
    error
}

/// Reads a command line, the program's name first.
///
/// # Errors
/// What to print and how to exit: a usage error (exit code 2), or the text that `--help` or `--version`
/// asked for (exit code 0).
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Order, clap::Error> {
    let tool =
        |tool, arguments| exec::short_form(tool, arguments).map(|config| Order::Exec(Box::new(config)));
    let matches = Arguments::command().try_get_matches_from(arguments).map_err(suggest)?;
    let places = matches.subcommand_matches("run").map(Places::of).unwrap_or_default();
    let order = match Arguments::from_arg_matches(&matches)?.command {
        Command::Run(arguments) => {
            config::from_arguments(*arguments, &places).map(|config| Order::Run(Box::new(config)))
        }
        Command::Up(UpArguments { file }) => Ok(Order::Up(file)),
        Command::Exec(arguments) => {
            exec::from_arguments(*arguments).map(|config| Order::Exec(Box::new(config)))
        }
        Command::Ip(arguments) => tool(&tools::IP, arguments),
        Command::Nstat(arguments) => tool(&tools::NSTAT, arguments),
        Command::Ping(arguments) => tool(&tools::PING, arguments),
        Command::Resolvectl(arguments) => tool(&tools::RESOLVECTL, arguments),
        Command::Ss(arguments) => tool(&tools::SS, arguments),
        Command::Sysctl(arguments) => tool(&tools::SYSCTL, arguments),
        Command::Tcpdump(arguments) => tool(&tools::TCPDUMP, arguments),
        Command::Traceroute(arguments) => tool(&tools::TRACEROUTE, arguments),
        Command::Packetdrill(PacketdrillArguments { arguments }) => Ok(Order::Packetdrill(arguments)),
    };
    order.map_err(|message| clap::Error::raw(ErrorKind::ValueValidation, format!("{message}\n")))
}
