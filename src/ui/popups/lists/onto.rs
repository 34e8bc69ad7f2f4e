//! Where keys of a participant can be copied to.

use super::{List, call_of, purpose};
use crate::{
    app::{
        Model,
        popups::{Onto, OntoList},
    },
    domain::{Key, Value, text},
    ui::{
        paint::{Bits, Paint, bit},
        popups::Cursor,
    },
};

pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, list: &OntoList) -> Cursor {
    let title = format!("Copy keys from {} to", purpose(model, &list.from));
    let rows = list.rows.iter().map(|onto| row(paint, model, onto)).collect();
    super::draw(paint, model, &List { title, rows, selected: list.selected, ..List::default() })
}

fn row<'a>(paint: &Paint<'_>, model: &'a Model, onto: &'a Onto) -> Bits<'a> {
    let t = paint.theme;
    let c = call_of(model, &onto.target.conversation);
    let p = c.and_then(|c| c.participant(onto.target.participant.as_str()));
    let what = match onto.pairs.as_slice() {
        [(key, _)] if !onto.all => key.to_string(),
        pairs => format!("all {} keys", pairs.len()),
    };
    let there =
        |(k, v): &(Key, Value)| p.and_then(|p| p.attributes.text(k.as_str())).is_some_and(|now| now != v.as_str());
    let over = onto.pairs.iter().filter(|pair| there(pair)).count();
    let mut line = vec![
        bit(text::cut_in(&what, 28, paint.charset()).into_owned(), t.strong()),
        bit(format!(" {} ", paint.glyphs.to), t.quiet()),
        bit(purpose(model, &onto.target), t.text()),
    ];
    if let Some(name) = p.and_then(|p| p.name.as_deref()) {
        line.push(bit(format!(" {}", text::cut_in(name, 24, paint.charset())), t.quiet()));
    }
    if over > 0 {
        line.push(bit(format!("  over {over} of its own"), t.warn()));
    }
    line
}
