//! One message in, effects out.

mod alerts;
mod bulk;
mod call;
mod calls;
mod command_line;
mod commit;
mod compare;
mod diagnose;
mod drafts;
mod edit;
mod edits;
mod export;
mod external;
mod feed;
mod findings;
mod flow;
#[cfg(test)]
mod jobs_tests;
mod keys;
mod lists;
mod mask;
mod mouse;
mod popups;
mod quit;
mod recording;
mod replay;
mod signin;
mod since;
#[cfg(test)]
mod staging_tests;
#[cfg(test)]
mod tests;
mod timeline;
mod topics;
mod trap;
mod views;
mod when;
mod why;

use super::{AppExit, Effect, Model, Msg};
use crate::domain::At;
use ratatui::layout::Rect;

/// Takes in one message. Cheap for messages of the feed: what is derived waits for [`Model::prepare`].
#[must_use = "what the program wants done must be done"]
pub fn update(model: &mut Model, at: At, msg: Msg) -> Vec<Effect> {
    model.now = at;
    model.reports.clear();
    let (dialogs, notice) = (model.overlays.len(), model.notice.clone());
    let by_operator = matches!(msg, Msg::Key(_) | Msg::Repeated(..) | Msg::Mouse(..) | Msg::Paste(_));
    let answers_keys = by_operator || matches!(msg, Msg::KeysAsText(_)) || model.has_held_answer();
    if by_operator && model.remembered.is_none() {
        // How it looked before is what it is compared with.
        model.remember();
    }
    // Where keys wait to be handled, they decide what it was.
    let mut effects = match msg {
        Msg::Burst { .. } | Msg::Key(_) | Msg::Repeated(..) | Msg::Paste(_) | Msg::KeysAsText(_) => Vec::new(),
        _ => keys::answer_due(model, at),
    };
    effects.extend(take(model, at, msg));
    if by_operator {
        effects.extend(model.remember().map(Effect::Remember));
    }
    commit::overtaken(model);
    if model.overlays.len() != dialogs {
        model.touch();
    }
    effects.extend(call::wanted(model));
    effects.extend(why::wanted(model));
    effects.extend(flow::wanted(model));
    if model.overlays.len() > dialogs && model.notice == notice {
        // What was said before a dialog opened is not about it.
        model.notice = None;
    }
    if answers_keys {
        let here = model.key_focus();
        match &mut model.notice {
            Some(shown) if notice.as_ref() != Some(&*shown) => shown.standing = Some(here),
            Some(shown) if shown.is_out_of_place(&here) => model.notice = None,
            _ => {}
        }
    }
    model.forget_other_question();
    effects
}

fn take(model: &mut Model, at: At, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Key(key) => {
            // A key acts on what is drawn next, not on rows that the board has overtaken.
            model.prepare(at);
            keys::key(model, key)
        }
        Msg::PickTopics => topics::open(model),
        Msg::Topics(listing) => {
            topics::listed(model, *listing);
            Vec::new()
        }
        Msg::Paste(text) => keys::paste(model, &text),
        Msg::KeysAsText(text) => keys::as_text(model, &text),
        Msg::Repeated(key, times) => {
            model.prepare(at);
            keys::repeated(model, key, times)
        }
        Msg::Burst { age, lasted, letters, repeats } => {
            model.begin_read(age, lasted, letters, repeats);
            Vec::new()
        }
        Msg::Mouse(mouse, x, y) => {
            model.prepare(at);
            mouse::mouse(model, mouse, x, y)
        }
        Msg::Resize(width, height) => {
            model.resize(Rect::new(0, 0, width, height));
            Vec::new()
        }
        Msg::Update(update) => feed::take(model, at, *update),
        Msg::Read(done) => feed::read(model, at, *done),
        Msg::QueueName(id, name) => {
            if !name.is_empty() {
                model.monitor.board.names.learn_queue(id, &name);
                model.touch();
            }
            Vec::new()
        }
        Msg::Left(left) => feed::left(model, left),
        Msg::Edited(what, result) => external::edited(model, *what, result),
        Msg::Exported(plan, result) => {
            export::done(model, &plan, result);
            Vec::new()
        }
        Msg::Loaded(path, result) => {
            bulk::loaded(model, &path, result);
            Vec::new()
        }
        Msg::Patched(write, outcome) => feed::patched(model, at, write, *outcome),
        Msg::BadFrame(reason) => feed::bad_frame(model, at, &reason),
        Msg::Link(link) => feed::link(model, at, link),
        Msg::Usage(usage) => {
            model.usage = usage;
            Vec::new()
        }
        Msg::Token { ends, needed } => {
            signin::token(model, ends, needed);
            Vec::new()
        }
        Msg::SignIn(progress) => {
            signin::progress(model, progress);
            Vec::new()
        }
        Msg::Coalesced(skipped) => {
            feed::coalesced(model, at, skipped);
            Vec::new()
        }
        Msg::FlowName(id, name) => {
            model.monitor.board.names.learn_flow(id, &name);
            model.touch();
            Vec::new()
        }
        Msg::UserName(id, name) => {
            model.monitor.board.names.learn_user(id, &name);
            model.touch();
            Vec::new()
        }
        Msg::Recording(recording) => {
            recording::going(model, recording);
            Vec::new()
        }
        Msg::Recorded { words, failed } => {
            recording::ended(model, words, failed);
            Vec::new()
        }
        Msg::Playing(playing) => {
            replay::playing(model, playing);
            Vec::new()
        }
        Msg::Indexed(part) => {
            replay::indexed(model, *part);
            Vec::new()
        }
        Msg::Past(past) => {
            replay::past(model, *past);
            Vec::new()
        }
        Msg::Claimed(claimed, sent) => {
            replay::claimed(model, at, claimed, sent);
            Vec::new()
        }
        Msg::Lost(lines) => replay::lost(model, at, lines),
        Msg::FlowRead(name, result) => flow::read(model, &name, result),
        Msg::FlowHistory(name, history) => {
            flow::history(model, &name, history);
            Vec::new()
        }
        Msg::Gathered(call, found) => {
            why::gathered(model, &call, found.0);
            Vec::new()
        }
        Msg::SinceRead(question, answer) => since::read(model, &question, answer),
        Msg::HistoryCall(answer) => {
            since::call(model, answer);
            Vec::new()
        }
        Msg::Fallen(finding) => {
            findings::fallen(model, *finding);
            Vec::new()
        }
        Msg::StillFallen(finding) => {
            findings::still_fallen(model, *finding);
            Vec::new()
        }
        Msg::LostKeys(lost) => {
            model.monitor.examiner.set_lost(lost, at);
            feed::time(model, at)
        }
        Msg::SinceStored(question, stored) => {
            since::stored(model, &question, stored);
            Vec::new()
        }
        Msg::DemoPlaced(call) => {
            flow::staged(model, call);
            Vec::new()
        }
        Msg::Unkept(unkept) => {
            model.unkept = unkept;
            if let Some(words) = model.unkept.words() {
                model.say(super::notice::NoticeLevel::Alarm, words);
            }
            Vec::new()
        }
        Msg::Failed(what) => {
            model.say(super::notice::NoticeLevel::Alarm, what);
            Vec::new()
        }
        Msg::Time => feed::time(model, at),
        Msg::Interrupt => {
            model.exit = Some(AppExit::Interrupted);
            Vec::new()
        }
        Msg::Terminate => {
            model.exit = Some(AppExit::Terminated);
            Vec::new()
        }
    }
}
