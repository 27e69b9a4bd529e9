//! `ip link`: shows devices, sets them, makes VLANs and dummies. iproute2: `do_iplink`.

use crate::address::kind;
use crate::link_show::{self as show, Place, has};
use crate::links::Links;
use crate::options::{Options, begins, garbage, unknown_command};
use crate::output::Output;
use tool_common::address::parse_link_address;
use tool_common::control::links::{self, LinkChanges, LinkFlags, LinkKind, NewLink};
use tool_common::json::Json;
use tool_common::{Exit, Words};

const USAGE: &str = "\
Usage: ip link add [ link DEV ] [ name ] NAME [ address LLADDR ] [ mtu MTU ] type { dummy | vlan id ID }
       ip link delete DEVICE
       ip link set DEVICE [ { up | down } ] [ name NEWNAME ] [ address LLADDR ] [ mtu MTU ]
       ip link [ show [ DEVICE ] [ up ] [ type TYPE ] ]";

/// What is said of a device that is set or made.
const WORDS: [&str; 8] = ["up", "down", "name", "link", "mtu", "address", "type", "dev"];

/// Does an `ip link` command.
pub(crate) fn run(options: &Options, mut words: Words<'_>) -> Result<String, Exit> {
    let links = Links::ask();
    let Some(command) = words.take() else { return list(&links, options, words) };
    match command {
        _ if begins("add", command) => add(&links, words),
        _ if begins("set", command) => set(&links, words),
        _ if begins("show", command) || begins("lst", command) || begins("list", command) => {
            list(&links, options, words)
        }
        _ if begins("delete", command) => remove(&links, words),
        _ if begins("help", command) => Err(Exit::usage(USAGE)),
        other => Err(unknown_command(other, "link")),
    }
}

fn list(links: &Links, options: &Options, mut words: Words<'_>) -> Result<String, Exit> {
    let (mut device, mut up, mut wanted) = (None, false, None);
    while let Some(word) = words.take() {
        match word {
            "up" => up = true,
            "type" => wanted = Some(kind(words.value()?)?),
            _ => {
                let name = if word == "dev" { words.value()? } else { word };
                if device.replace(name).is_some() {
                    return Err(garbage("dev", name, ["up", "type", "dev"]));
                }
            }
        }
    }
    let device = device.map(|name| links.shown(name)).transpose()?.map(|link| link.index);
    let mut output = Output::new(options);
    for link in links.all() {
        let meant = device.is_none_or(|device| device == link.index)
            && (!up || has(link, LinkFlags::UP))
            && wanted.is_none_or(|kind| kind == link.kind);
        if !meant {
            continue;
        }
        if options.brief {
            let mut fields = show::json_brief(link, links);
            fields.extend(show::json_brief_rest(link));
            output.push(&(show::brief(link, links) + &show::brief_rest(link)), Json::Object(fields));
        } else {
            let fields = show::json(link, links, options, Place::Alone);
            output.push(&show::lines(link, links, options, Place::Alone), Json::Object(fields));
        }
    }
    Ok(output.finish())
}

fn link_address(word: &str) -> Result<Vec<u8>, Exit> {
    parse_link_address(word).ok_or_else(|| Exit::new(1, format!("\"{word}\" is invalid lladdr.")))
}

/// Bytes of a device's name with the end that C needs. Linux: `IFNAMSIZ`.
const NAME_LEN: usize = 16;

/// A name that a device may have. iproute2: `check_ifname`.
fn device_name<'a>(word: &'a str, what: &str) -> Result<&'a str, Exit> {
    let is_name = !word.is_empty()
        && word.len() < NAME_LEN
        && !word.contains(|c: char| c == '/' || c.is_ascii_whitespace());
    if is_name { Ok(word) } else { Err(Exit::wrong(word, &format!("\"{what}\" not a valid ifname"))) }
}

/// What is to be made or changed. iproute2: `iplink_parse`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Request<'a> {
    device: Option<&'a str>,
    name: Option<&'a str>,
    parent: Option<&'a str>,
    up: Option<bool>,
    mtu: Option<u32>,
    address: Option<Vec<u8>>,
    kind: Option<LinkKind>,
    vlan_id: Option<u16>,
}

impl<'a> Request<'a> {
    fn parse(mut words: Words<'a>) -> Result<Self, Exit> {
        let mut request = Request::default();
        while let Some(word) = words.take() {
            match word {
                "up" => request.up = Some(true),
                "down" => request.up = Some(false),
                "name" => request.name = Some(device_name(words.value()?, "name")?),
                "link" => request.parent = Some(words.value()?),
                "mtu" => request.mtu = Some(words.number("mtu")?),
                "address" => request.address = Some(link_address(words.value()?)?),
                "type" => {
                    request.parse_kind(&mut words)?;
                }
                _ => {
                    let name = if word == "dev" { words.value()? } else { word };
                    if request.device.replace(device_name(name, "dev")?).is_some() {
                        return Err(garbage("dev", name, WORDS));
                    }
                }
            }
        }
        Ok(request)
    }

    /// The kind of device, and what belongs to it; nothing may follow.
    fn parse_kind(&mut self, words: &mut Words<'a>) -> Result<(), Exit> {
        let kind = kind(words.value()?)?;
        self.kind = Some(kind);
        while let Some(word) = words.take() {
            match (kind, word) {
                (LinkKind::Vlan, "id") => {
                    let word = words.value()?;
                    let id = word.parse().ok().filter(|id| *id < 4095);
                    self.vlan_id = Some(id.ok_or_else(|| Exit::wrong(word, "id is invalid\n"))?);
                }
                (LinkKind::Vlan, "protocol" | "proto") => match words.value()? {
                    "802.1Q" | "802.1q" => {}
                    other => return Err(Exit::wrong(other, "protocol is invalid\n")),
                },
                (LinkKind::Vlan, other) => {
                    let unknown = Exit::usage(format!("vlan: unknown command \"{other}\"?"));
                    return Err(unknown.hint(other, ["id", "protocol"]));
                }
                (_, other) => return Err(Exit::usage(format!("Unknown argument \"{other}\""))),
            }
        }
        Ok(())
    }
}

fn set(links: &Links, words: Words<'_>) -> Result<String, Exit> {
    let request = Request::parse(words)?;
    let missing = || Exit::usage("Not enough of information: \"dev\" argument is required.");
    let link = links.find(request.device.ok_or_else(missing)?)?;
    let name = request.name.map(String::from);
    let changes = LinkChanges { up: request.up, mtu: request.mtu, address: request.address, name };
    links::set_link(link.index, &changes).map_err(|failure| Exit::refused(&failure))?;
    Ok(String::new())
}

fn add(links: &Links, words: Words<'_>) -> Result<String, Exit> {
    let request = Request::parse(words)?;
    let missing = || Exit::usage("Not enough information: \"type\" argument is required");
    let kind = request.kind.ok_or_else(missing)?;
    if kind == LinkKind::Vlan && request.vlan_id.is_none() {
        return Err(Exit::new(2, "Error: VLAN id not specified."));
    }
    let parent = request.parent.map(|name| links.find(name)).transpose()?.map(|link| link.index);
    let name = request.name.or(request.device).unwrap_or_default().into();
    let address = request.address;
    let what = NewLink { name, kind, parent, vlan_id: request.vlan_id, mtu: request.mtu, address };
    let index = links::add_link(&what).map_err(|failure| Exit::refused(&failure))?;
    if request.up == Some(true) {
        let changes = LinkChanges { up: Some(true), mtu: None, address: None, name: None };
        links::set_link(index, &changes).map_err(|failure| Exit::refused(&failure))?;
    }
    Ok(String::new())
}

fn remove(links: &Links, words: Words<'_>) -> Result<String, Exit> {
    let request = Request::parse(words)?;
    let missing = || Exit::usage("Not enough information: \"dev\" argument is required.");
    let link = links.find(request.device.ok_or_else(missing)?)?;
    links::remove_link(link.index).map_err(|failure| Exit::refused(&failure))?;
    Ok(String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<String, Exit> {
        let words: Vec<String> = line.split_whitespace().map(String::from).collect();
        Request::parse(Words::new(&words)).map(|request| format!("{request:?}"))
    }

    #[test]
    fn requests_are_read() {
        let words: Vec<String> = "link eth0 name v type vlan id 7".split(' ').map(String::from).collect();
        let request = Request::parse(Words::new(&words)).unwrap();
        let expected = Request {
            parent: Some("eth0"),
            name: Some("v"),
            kind: Some(LinkKind::Vlan),
            vlan_id: Some(7),
            ..Request::default()
        };
        assert_eq!(request, expected);
        for (line, code, text) in [
            ("eth0 mtu abc", 255, "Error: argument \"abc\" is wrong: Invalid \"mtu\" value\n"),
            ("eth0 frob", 255, "Error: either \"dev\" is duplicate, or \"frob\" is a garbage."),
            (
                "lo mut 5",
                255,
                "Error: either \"dev\" is duplicate, or \"mut\" is a garbage.\nDid you mean \"mtu\"?",
            ),
            (
                "d0 pu",
                255,
                "Error: either \"dev\" is duplicate, or \"pu\" is a garbage.\nDid you mean \"up\"?",
            ),
            ("x type vlna", 2, "Error: Unknown device type.\nDid you mean \"vlan\"?"),
            ("eth0 address zz", 1, "\"zz\" is invalid lladdr."),
            ("x type bond", 2, "Error: Unknown device type."),
            ("x type vlan id 4095", 255, "Error: argument \"4095\" is wrong: id is invalid\n"),
            (
                "name abcdefghijklmnop",
                255,
                "Error: argument \"abcdefghijklmnop\" is wrong: \"name\" not a valid ifname",
            ),
            ("a/b up", 255, "Error: argument \"a/b\" is wrong: \"dev\" not a valid ifname"),
            ("eth0 mtu", 255, "Command line is not complete. Try option \"help\""),
        ] {
            let error = parse(line).unwrap_err();
            assert_eq!((error.code, error.text.as_str()), (code, text), "{line}");
        }
    }
}
