//! One attribute as it is shown everywhere: the value, what is being done to it, and how fresh it is.

use super::{
    diagnose,
    paint::{Bits, Paint, bit},
};
use crate::app::{Model, diagnose::Diagnose};
use crate::domain::{
    Attribute, Conversation, ConversationId, Freshness, JsonKind, Participant,
    findings::{Finding, RuleId, Severity},
    mask,
    outbox::{Cell, EditState, EditView},
    text,
};
use ratatui::style::Style;
use std::borrow::Cow;

/// How a cell looks: its text, and what stands after it.
pub(super) struct CellLook<'a> {
    /// The value, masked if that is wished.
    pub(super) text: Cow<'a, str>,
    /// Its style.
    pub(super) style: Style,
    /// Mark and word after it, shown as far as there is room.
    pub(super) note: Option<(&'static str, Cow<'static, str>, Style)>,
}

/// A value as the operator wants to see it; what would not be seen of it is marked: blanks at its end, and letters in their parts.
pub(super) fn shown<'a>(model: &Model, paint: &Paint<'_>, value: &'a str) -> Cow<'a, str> {
    if model.settings.mask {
        let masked = mask::mask_with(value, if paint.is_ascii() { '*' } else { '•' });
        Cow::Owned(text::marked(&masked, paint.charset()).into_owned())
    } else {
        text::marked(value, paint.charset())
    }
}

/// How an attribute of a participant looks now; `base` is the style of a settled value.
pub(super) fn look<'a>(
    paint: &Paint<'_>,
    model: &'a Model,
    c: &'a Conversation,
    p: &'a Participant,
    key: &str,
    base: Style,
) -> CellLook<'a> {
    let attribute = p.attributes.get(key);
    if model.outbox.is_empty() {
        return settled(paint, model, &c.id, p, key, attribute, base);
    }
    let cell = Cell { conversation: c.id.clone(), participant: p.id.clone(), key: key.into() };
    match model.outbox.view(&cell) {
        Some(view) => edited(paint, model, attribute, &view, base, c.freshness == Freshness::Stale),
        None => settled(paint, model, &c.id, p, key, attribute, base),
    }
}

fn settled<'a>(
    paint: &Paint<'_>,
    model: &'a Model,
    conversation: &ConversationId,
    p: &Participant,
    key: &str,
    attribute: Option<Attribute<'a>>,
    base: Style,
) -> CellLook<'a> {
    let t = paint.theme;
    let found = Diagnose::of_cell(model, conversation.as_str(), p.id.as_str(), key);
    let Some(attribute) = attribute else {
        let caller = model.monitor.board.get(conversation.as_str()).and_then(|e| e.conversation.customer());
        // A finding that names nobody is about the caller.
        let here = |f: &&Finding| f.participant.is_some() || caller.is_some_and(|c| c.id == p.id);
        // What is expected, or a key that its flow no longer sets.
        if let Some(missing) =
            found.iter().filter(here).find(|f| matches!(f.rule, RuleId::Missing | RuleId::PresenceDrop))
        {
            let style = diagnose::severity(paint, missing.severity);
            return CellLook { text: format!("{} missing", paint.glyphs.missing).into(), style, note: None };
        }
        return CellLook { text: paint.glyphs.absent.into(), style: t.quiet(), note: None };
    };
    let text = shown(model, paint, attribute.value.as_str());
    let masked = matches!(text, Cow::Owned(_));
    let fresh = model.fresh.of(model.now, conversation, &p.id, attribute.key);
    let style = match fresh {
        Some(age) if age.flashes() => t.flash(),
        Some(_) => t.fresh(),
        None if masked => t.masked(),
        None => base,
    };
    let note = fresh.map(|age| {
        let seconds = age.age.as_secs();
        (paint.glyphs.fresh, Cow::Owned(format!("{seconds} s")), t.fresh())
    });
    let worst = found.iter().find(|f| f.severity > Severity::Info);
    let note = note.or_else(|| {
        let finding = worst?;
        let mark = diagnose::mark(paint, finding.severity);
        Some((mark, in_a_cell(finding.rule, p), diagnose::severity(paint, finding.severity)))
    });
    // The text `null` is not the JSON `null`, and an edit of either is another thing.
    let note = note.or_else(|| (attribute.value.kind() != JsonKind::Text).then(|| ("", "not text".into(), t.quiet())));
    let blank = attribute.value.as_str().is_empty();
    let text = if blank { Cow::Borrowed("(empty)") } else { text };
    CellLook { text, style: if blank && fresh.is_none() { t.quiet() } else { style }, note }
}

/// What is wrong with a value, in a word or two beside it; nothing where the mark says enough: the value shows it.
fn in_a_cell(rule: RuleId, on: &Participant) -> Cow<'static, str> {
    match rule {
        RuleId::WrongParticipant => Cow::Owned(format!("on {}", on.purpose.as_str())),
        RuleId::Late => Cow::Borrowed("late"),
        RuleId::Overwritten => Cow::Borrowed("replaced"),
        RuleId::FlowWroteBack => Cow::Borrowed("reverted"),
        RuleId::LostOnTransfer => Cow::Borrowed("vanished"),
        _ => Cow::Borrowed(""),
    }
}

fn edited<'a>(
    paint: &Paint<'_>,
    model: &Model,
    attribute: Option<Attribute<'a>>,
    view: &EditView<'a>,
    base: Style,
    stale: bool,
) -> CellLook<'a> {
    let t = paint.theme;
    let g = paint.glyphs;
    let (mark, style) = match &view.state {
        EditState::Draft if view.marked => (g.on, t.mine()),
        EditState::Draft => (g.draft, t.mine()),
        // It was seen; whether it still holds is not known before the call is read again.
        EditState::Seen { .. } => (g.seen, if stale { t.stale() } else { t.seen() }),
        EditState::Conflict { .. } | EditState::Failed(_) | EditState::Unseen(_) => (g.missing, t.alarm()),
        EditState::Overwritten { .. } => (g.missing, t.theirs()),
        _ => (g.pending, t.pending()),
    };
    let word: Cow<'static, str> = match &view.state {
        EditState::Draft if view.marked => "marked".into(),
        EditState::Seen { after, .. } => format!("seen {} ms", after.as_millis()).into(),
        EditState::Unseen(_) => "not seen".into(),
        state => state.word().into(),
    };
    let theirs = attribute.map(|a| shown(model, paint, a.value.as_str()));
    let (text, value_style) = match &view.state {
        state if state.is_pending() => (shown(model, paint, view.mine), t.my_value()),
        EditState::Seen { .. } => (theirs.unwrap_or_default(), base),
        _ => (theirs.unwrap_or(Cow::Borrowed(g.absent)), style),
    };
    let text = if text.is_empty() { Cow::Borrowed("(empty)") } else { text };
    CellLook { text, style: value_style, note: Some((mark, word, style)) }
}

/// Puts a cell into `width` columns: the value, then mark and word as far as there is room; the mark goes last.
pub(super) fn draw(paint: &mut Paint<'_>, x: u16, y: u16, width: u16, look: &CellLook<'_>) {
    let end = x.saturating_add(width);
    let Some((mark, word, style)) = &look.note else {
        paint.put(x, y, end, &look.text, look.style);
        return;
    };
    let mark_width = paint.width(mark);
    let after = paint.put(x, y, end.saturating_sub(mark_width + 1), &look.text, look.style);
    let mut note: Bits<'_> = vec![bit(*mark, *style)];
    if !word.is_empty() {
        note.extend([bit(" ", *style), bit(word.as_ref(), *style)]);
    }
    let room = end.saturating_sub(after + 1);
    if paint.bits_width(&note) <= room {
        paint.bits(after + 1, y, end, &note);
    } else {
        paint.put(after + 1, y, end, mark, *style);
    }
}
