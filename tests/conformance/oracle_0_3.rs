//! The same for WASI 0.3: what a guest is answered is what wasmtime-wasi answers with this machine's kernel.

use anyhow::Result;

use crate::oracle::{Asker, Difference, both_versions, compare, differs, random_calls};

crate::cases! {
    tcp_sockets_of_0_3_answer_in_every_state_as_with_a_kernel,
    tcp_sockets_of_0_3_take_the_addresses_that_a_kernel_takes,
    tcp_options_of_0_3_are_refused_clamped_and_inherited_as_by_a_kernel,
    tcp_streams_of_0_3_carry_and_end_as_a_kernels,
    udp_sockets_of_0_3_answer_in_every_state_as_with_a_kernel,
    datagrams_of_0_3_come_and_go_as_with_a_kernel,
    names_of_0_3_that_need_no_server_are_answered_as_by_a_kernel,
    calls_at_random_of_0_3_answer_as_the_standard_says_and_leave_nothing,
}

const GUEST: &str = "test/wasi-0-3";

const ASKER: Asker = Asker { guest: GUEST, words: "questions", meant: &DIFFERENCES };

/// Differences that are meant: docs/wasi-sockets.md gives the reasons.
const DIFFERENCES: [Difference; 2] = [
    // A socket that is closed has nothing to tell; wasmtime tells again why it was closed.
    differs("tcp-states", "closed, ", "InvalidState", "ConnectionRefused"),
    // No name at all, rather than one that nobody has.
    differs("names", "\"a..b\"", "InvalidArgument", "NameUnresolvable"),
];

fn tcp_sockets_of_0_3_answer_in_every_state_as_with_a_kernel() -> Result<()> {
    both_versions(&ASKER, "tcp-states")
}

fn tcp_sockets_of_0_3_take_the_addresses_that_a_kernel_takes() -> Result<()> {
    both_versions(&ASKER, "tcp-addresses")
}

fn tcp_options_of_0_3_are_refused_clamped_and_inherited_as_by_a_kernel() -> Result<()> {
    both_versions(&ASKER, "tcp-options")
}

fn tcp_streams_of_0_3_carry_and_end_as_a_kernels() -> Result<()> {
    both_versions(&ASKER, "tcp-streams")
}

fn udp_sockets_of_0_3_answer_in_every_state_as_with_a_kernel() -> Result<()> {
    both_versions(&ASKER, "udp-states")
}

fn datagrams_of_0_3_come_and_go_as_with_a_kernel() -> Result<()> {
    both_versions(&ASKER, "udp-datagrams")
}

fn names_of_0_3_that_need_no_server_are_answered_as_by_a_kernel() -> Result<()> {
    compare(&ASKER, "names", "")
}

fn calls_at_random_of_0_3_answer_as_the_standard_says_and_leave_nothing() -> Result<()> {
    random_calls(GUEST, "model")
}
