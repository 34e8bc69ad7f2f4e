//! HTML by `maud`, which escapes whatever is put into a page. A page loads nothing and runs nothing, and carries a policy
//! that forbids both.

use crate::domain::text::visible;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A whole page. `style` is this program's own sheet.
pub(crate) fn page(title: &str, style: &'static str, body: Markup) -> String {
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (visible(title)) " · Sidetone" }
                style { (PreEscaped(style)) }
            }
            body { (body) }
        }
    };
    super::harmless(page.into_string())
}

/// A text from outside: drawn where it must be, and its direction kept to itself.
pub(crate) fn foreign(text: &str) -> Markup {
    html! { bdi { (visible(text)) } }
}
