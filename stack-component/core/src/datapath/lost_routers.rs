//! Routers of IPv6 that do not answer: others are better, and they are asked again.

use super::Context;
use crate::neighbour::Key;
use crate::time::Duration;

/// A router does not answer, and is asked again after a while even if nothing goes by it (RFC 4191 section 3.5), or it
/// answers. Linux: `rt6_probe`.
pub(super) fn note(cx: &mut Context<'_>, key: Key, answers: bool) {
    cx.routes.gateway_answers(key.device, key.address, answers);
    let interval = Duration::from_secs(cx.sysctl.ipv6.of(key.device.0).router_probe_interval.into());
    let again = (!answers && !interval.is_zero()).then_some(cx.now + interval);
    cx.autoconf.probe_router_at(key, again);
}
