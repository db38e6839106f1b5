//! The forms that change a subscription.

use eventsource::admin::SubscriptionView;
use maud::{Markup, html};

use crate::access::Change;
use crate::layout::Page;

pub(super) fn forms(page: &Page, view: &SubscriptionView) -> Markup {
    let path = page.to_subscription(&view.name);
    let button = |change: Change, action: &str, text: &str| {
        html! { @if page.access.may(change) { form method="post" action={ (path) "/" (action) } { button { (text) } } } }
    };
    html! {
        @if view.pause.is_some() {
            (button(Change::Resume, "resume", "Resume"))
        } @else if page.access.may(Change::Pause) {
            form method="post" action={ (path) "/pause" } {
                label { "Reason" input name="reason" maxlength="500"; }
                button { "Pause" }
            }
        }
        (button(Change::Restart, "restart", "Restart"))
        @if view.rebuild_to.is_some() || view.next_generation.is_some() {
            @if view.hold.is_some() { (button(Change::SwitchRebuild, "switch-rebuild", "Switch to the next generation")) }
            (button(Change::CancelRebuild, "cancel-rebuild", "Cancel the rebuild"))
        } @else {
            // Only rows can be built next to others. An older manager may not have told the kind.
            @if matches!(&*view.kind, "transactional" | "") {
                (button(Change::Rebuild, "rebuild-side-by-side", "Rebuild side by side"))
                (button(Change::Rebuild, "rebuild-and-hold", "Rebuild side by side, and hold"))
            }
        }
        @let is_building = view.rebuild_to.is_some() || (view.next_generation.is_some() && view.hold.is_none());
        @if !is_building && page.access.may(Change::Rebuild) { (in_place(&path, view)) }
    }
}

/// The confirmation of a rebuild in place: what it does, and the name to type.
fn in_place(path: &str, view: &SubscriptionView) -> Markup {
    html! {
        form method="post" action={ (path) "/rebuild-in-place" } {
            label {
                "Its name, since "
                @if view.kind.starts_with("effects") { "each effect happens again" }
                @else { "the read model is empty until the rebuild is complete" }
                @if view.hold.is_some() { ", and the held next generation is discarded" }
                input name="confirm" autocomplete="off";
            }
            @if view.hold.is_some() { input type="hidden" name="discards" value="held"; }
            button { "Rebuild in place" @if view.hold.is_some() { ", and discard the held next generation" } }
        }
    }
}
