//! SVG by `maud`'s escapes: texts and values of attributes cannot become elements.

use crate::domain::text::visible;
use maud::Escaper;
use std::fmt::{Display, Write as _};

/// A picture being written.
pub(crate) struct Picture(String);

impl Picture {
    /// A picture whose root has these attributes.
    pub(crate) fn new(attributes: &[(&str, &dyn Display)]) -> Self {
        let mut picture = Self(String::with_capacity(64 * 1024));
        picture.0.push_str("<svg xmlns=\"http://www.w3.org/2000/svg\"");
        picture.attributes(attributes);
        picture.0.push_str(">\n");
        picture
    }

    /// Opens an element.
    pub(crate) fn open(&mut self, name: &'static str, attributes: &[(&str, &dyn Display)]) {
        _ = write!(self.0, "<{name}");
        self.attributes(attributes);
        self.0.push_str(">\n");
    }

    /// Closes it.
    pub(crate) fn close(&mut self, name: &'static str) {
        _ = writeln!(self.0, "</{name}>");
    }

    /// An element without content.
    pub(crate) fn element(&mut self, name: &'static str, attributes: &[(&str, &dyn Display)]) {
        _ = write!(self.0, "<{name}");
        self.attributes(attributes);
        self.0.push_str("/>\n");
    }

    /// An element with a text in it, from wherever.
    pub(crate) fn text(&mut self, name: &'static str, attributes: &[(&str, &dyn Display)], text: &str) {
        _ = write!(self.0, "<{name}");
        self.attributes(attributes);
        self.0.push('>');
        _ = Escaper::new(&mut self.0).write_str(&visible(text));
        _ = writeln!(self.0, "</{name}>");
    }

    /// The text.
    pub(crate) fn finish(mut self) -> String {
        self.0.push_str("</svg>\n");
        super::harmless(self.0)
    }

    fn attributes(&mut self, attributes: &[(&str, &dyn Display)]) {
        for (name, value) in attributes {
            _ = write!(self.0, " {name}=\"");
            _ = write!(Escaper::new(&mut self.0), "{value}");
            self.0.push('"');
        }
    }
}
