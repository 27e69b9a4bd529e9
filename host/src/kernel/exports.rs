//! What a stack exports: what every stack must, and what it may.

use super::bindings::exports::{wasi, wnet};
use super::state::StackState;
use wasmtime::component::{Instance, InstancePre};
use wasmtime::{Result, Store};

/// Makes the structs of a stack's exports. The bindings' own struct demands all of them.
macro_rules! exports {
    (
        required { $($required:ident: $($module:ident)::+;)* }
        optional { $($(#[$doc:meta])* $optional:ident: $($path:ident)::+;)* }
    ) => {
        /// The exports of a running stack.
        pub struct Stack {
            $($required: $($module)::+::Guest,)*
            $($optional: Option<$($path)::+::Guest>,)*
        }

        impl Stack {
            $(
                /// The required interface of this name.
                pub fn $required(&self) -> &$($module)::+::Guest {
                    &self.$required
                }
            )*
            $(
                $(#[$doc])*
                pub fn $optional(&self) -> Option<&$($path)::+::Guest> {
                    self.$optional.as_ref()
                }
            )*
        }

        /// Where the exports are found in a component.
        #[derive(Clone)]
        struct Indices {
            $($required: $($module)::+::GuestIndices,)*
            $($optional: Option<$($path)::+::GuestIndices>,)*
        }

        impl Indices {
            fn new(pre: &InstancePre<StackState>) -> Result<Self> {
                Ok(Indices {
                    $($required: $($module)::+::GuestIndices::new(pre)?,)*
                    $($optional: told(stringify!($optional), $($path)::+::GuestIndices::new(pre)),)*
                })
            }

            fn load(&self, store: &mut Store<StackState>, instance: &Instance) -> Result<Stack> {
                Ok(Stack {
                    $($required: self.$required.load(&mut *store, instance)?,)*
                    $(
                        $optional: self.$optional.as_ref().and_then(|indices| {
                            told(stringify!($optional), indices.load(&mut *store, instance))
                        }),
                    )*
                })
            }
        }
    };
}

exports! {
    required {
        wasi_io_error: wasi::io::error;
        wasi_io_poll: wasi::io::poll;
        wasi_io_streams: wasi::io::streams;
        wasi_sockets_instance_network: wasi::sockets::instance_network;
        wasi_sockets_tcp_create_socket: wasi::sockets::tcp_create_socket;
        wasi_sockets_tcp: wasi::sockets::tcp;
        wasi_sockets_udp_create_socket: wasi::sockets::udp_create_socket;
        wasi_sockets_udp: wasi::sockets::udp;
        wasi_sockets_ip_name_lookup: wasi::sockets::ip_name_lookup;
        wnet_stack_reactor: wnet::stack::reactor;
    }
    optional {
        /// What sockets can do beyond wasi:sockets, if the stack has it.
        socket_options: wnet::stack::socket_options;
        /// Sockets below TCP and UDP, if the stack has them.
        raw_sockets: wnet::stack::raw_sockets;
        /// Raw sockets whose owners make the IP header, if the stack has them.
        raw_headers: wnet::stack::raw_headers;
        /// What else the packets of raw sockets say, if the stack can be told.
        raw_fields: wnet::stack::raw_fields;
        /// Sockets at the devices, if the stack has them.
        packet_sockets: wnet::stack::packet_sockets;
        /// Groups of UDP sockets, if the stack has them.
        groups: wnet::stack::groups;
        /// Groups of raw sockets, if the stack has them.
        raw_groups: wnet::stack::raw_groups;
        /// Settings, counters and trace events, if the stack has them.
        control: wnet::stack::control;
        /// The devices, if the stack tells of them.
        links: wnet::stack::links;
        /// The addresses, if the stack tells of them.
        addresses: wnet::stack::addresses;
        /// The neighbours, if the stack tells of them.
        neighbours: wnet::stack::neighbours;
        /// The routes and rules, if the stack tells of them.
        routing: wnet::stack::routing;
        /// The ways of packets with what was learnt of them, if the stack tells it.
        route_lookup: wnet::stack::route_lookup;
        /// Changes of all these, if the stack tells of them.
        changes: wnet::stack::changes;
        /// Whom names are asked of, if the stack tells of it.
        resolvers: wnet::stack::resolvers;
        /// The sockets, if the stack tells of them.
        sockets: wnet::stack::sockets;
        /// What was learnt of peers, if the stack can forget it.
        tcp_metrics: wnet::stack::tcp_metrics;
        /// What names are looked up by, if the stack can be told.
        names: wnet::stack::names;
        /// The names of hosts that have addresses, if the stack looks for them.
        reverse_names: wnet::stack::reverse_names;
        /// How connections of a process that died are reset, if the stack can do that.
        abort: wnet::stack::abort;
    }
}

/// An interface that is missing, or has other types than ours of that version, is not there, and nothing else.
fn told<T>(interface: &str, found: Result<T>) -> Option<T> {
    found.inspect_err(|error| tracing::debug!("the stack has no {interface}: {error:#}")).ok()
}

/// A component that was linked, with its exports found.
#[derive(Clone)]
pub(super) struct StackPre {
    instance: InstancePre<StackState>,
    indices: Indices,
}

impl StackPre {
    /// Finds the exports. The error names a required one that is missing.
    pub(super) fn new(instance: InstancePre<StackState>) -> Result<Self> {
        let indices = Indices::new(&instance)?;
        Ok(StackPre { instance, indices })
    }

    /// The engine that it runs on.
    pub(super) fn engine(&self) -> &wasmtime::Engine {
        self.instance.engine()
    }

    /// A new instance in `store`.
    pub(super) fn instantiate(&self, store: &mut Store<StackState>) -> Result<Stack> {
        let instance = self.instance.instantiate(&mut *store)?;
        self.indices.load(store, &instance)
    }
}
