//! The verdict in one sentence, and what it is about.

use crate::app::{
    Model,
    since::{KeyShare, SinceReport},
};
use crate::ui::{
    paint::{Bit, Bits, Paint, bit},
    times,
};
use jiff::Timestamp;
use ratatui::style::Style;

/// `Present on 63 % of calls since v43, 99 % before.`, then the key, the milestone and the filter: as few lines as it takes.
pub(super) fn lines<'a>(paint: &Paint<'_>, model: &Model, report: &SinceReport, width: u16) -> Vec<Bits<'a>> {
    let t = paint.theme;
    let sentence = sentence(paint, model, report);
    let facts = bit(facts(model, report), t.quiet());
    let mut lines: Vec<Bits<'a>> = Vec::new();
    let fits = |bits: &[Bit<'a>]| paint.bits_width(bits) <= width;
    if fits(&sentence) {
        lines.push(sentence);
    } else {
        // Each clause on lines of its own.
        for (text, style) in sentence {
            lines.extend(paint.paragraph(&text, width).into_iter().map(|line| vec![bit(line, style)]));
        }
    }
    let one = [lines[0].clone(), vec![bit("   ", t.text()), facts.clone()]].concat();
    if lines.len() == 1 && fits(&one) {
        return vec![one];
    }
    lines.push(vec![facts]);
    lines
}

fn percent(share: KeyShare) -> String {
    share.percent().map_or("no calls".to_owned(), |p| format!("{p} %"))
}

fn sentence<'a>(paint: &Paint<'_>, model: &Model, report: &SinceReport) -> Bits<'a> {
    let t = paint.theme;
    let g = paint.glyphs;
    let strong = |text: String| vec![bit(text, t.strong())];
    if let Some((now, before)) = report.fall() {
        let since = if now.version.is_empty() { "then".to_owned() } else { format!("v{}", now.version) };
        let before = before.map(|b| format!(" {} before.", percent(b.share))).unwrap_or_default();
        let now = format!("{} Present on {} of calls since {since},", g.missing, percent(now.share));
        return vec![bit(now, t.alarm()), bit(before, t.strong())];
    }
    if report.first_missing.is_some() {
        let words = format!("{} Present on {} of calls, after a drop.", g.missing, percent(report.share));
        return vec![bit(words, t.alarm())];
    }
    if let Some(waits) = &report.not_judged {
        let until = times::time_of(model, Timestamp::from_millisecond(waits.until).unwrap_or_default());
        let (version, present, calls) = (&waits.version, waits.share.present, waits.share.calls);
        let words = format!(
            " v{version}: {present} of {calls} so far, not judged before {until}: earlier calls may still be in the flow."
        );
        return vec![
            bit(format!("Present on {} of calls.", percent(report.share)), t.strong()),
            bit(words, t.strong()),
        ];
    }
    if let Some((newest, before, share)) = report.unsure() {
        let (version, present, calls) = (&newest.version, newest.share.present, newest.share.calls);
        let up_to = format!("Present on {} of calls up to v{};", percent(share), before.version);
        return vec![
            bit(up_to, t.strong()),
            bit(format!(" v{version}: {present} of {calls}, too few calls to tell."), t.strong()),
        ];
    }
    if report.too_few {
        return strong(format!(
            "Present on {} of calls; too few of the newest version to tell.",
            percent(report.share)
        ));
    }
    // What is seen on live calls is not contradicted by what was counted.
    let (mark, style): (&str, Style) =
        if model.since.live.is_empty() { (g.seen, t.seen()) } else { (g.dot, t.strong()) };
    let words = match report.share {
        share if share.missing() == 0 => format!(" Present on every one of {} calls.", super::grouped(share.calls)),
        share => format!(" No drop: present on {} of calls.", percent(share)),
    };
    vec![bit(mark.to_owned(), style), bit(words, t.strong())]
}

/// `customer_tier on customer, by flow end, flow MainIVR`.
fn facts(model: &Model, report: &SinceReport) -> String {
    let q = &model.since.question;
    let by = report.by.replace('-', " ");
    let flow = report.flow.as_deref().map(|f| format!(", flow {f}")).unwrap_or_default();
    let queue = q.queue.as_deref().map(|f| format!(", queue {f}")).unwrap_or_default();
    let days = q.days.map(|d| format!(", last {d} days")).unwrap_or_default();
    format!("{} on {}, by {by}{flow}{queue}{days}", q.key, q.on)
}
