//! The types of actions: what each is called in the forms, what it does, which outputs it has. The one table that the
//! readers, the list of keys, the interpreter and the documentation use.
//!
//! Names and outputs are those of real files and of the platform's own help pages and SDKs. The forms spell the same
//! types differently (`SetAttributesAction`, `setParticipantData`), never contradictorily.

use rustc_hash::FxHashMap;
use std::{borrow::Cow, sync::LazyLock};

/// What an interpreter does with an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// Does it.
    Interpret,
    /// Goes on behind it: prompts, settings, reports. It changes nothing that is looked at here.
    PassOver,
    /// Takes the outcome that is given, and asks for one that is not.
    Ask,
    /// Ends the run; a transfer goes on by `failure` where that is asked for.
    End,
}

/// Kinds of action, before their settings are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the variant of `ActionKind` with its name")]
pub enum Class {
    SetData,
    SetConversation,
    GetData,
    GetConversation,
    Update,
    ClearSlot,
    Decision,
    Switch,
    Menu,
    Collect,
    Lookup,
    TableLookup,
    Loop,
    ExitLoop,
    NextLoop,
    Jump,
    CallTask,
    EndTask,
    CallFlow,
    Transfer,
    End,
    Passive,
    /// Reads or writes data of the conversation that are no participant data.
    Elsewhere,
    Ask,
    Unknown,
}

/// One type of action.
#[derive(Debug, PartialEq, Eq)]
pub struct ActionType {
    /// Its name in Archy YAML, or the likely one where no file shows it.
    pub archy: &'static str,
    /// Its `__type` in JSON; empty where none was seen.
    pub json: &'static str,
    /// What Architect calls it.
    pub title: &'static str,
    /// How its settings are read.
    pub class: Class,
    /// What an interpreter does with it.
    pub does: Does,
    /// The stable ids of its outputs ([`super::model::Branch::id`]) in the order in which people read them. Cases, intents,
    /// choices and a task's own ways out come from the file.
    pub outputs: &'static [&'static str],
}

const YES_NO: &[&str] = &["yes", "no"];
const SUCCESS: &[&str] = &["success", "failure"];
const ANSWER: &[&str] = &["success", "failure", "timeout"];
const FOUND: &[&str] = &["found", "notFound"];
const FOUND_OR_FAILURE: &[&str] = &["found", "notFound", "failure"];
const FAILURE: &[&str] = &["failure"];
const NO: &[&str] = &[];

macro_rules! types {
    ($($archy:literal $json:literal $title:literal $class:ident $does:ident $outputs:expr;)*) => {
        &[$(ActionType {
            archy: $archy, json: $json, title: $title, class: Class::$class, does: Does::$does, outputs: $outputs,
        }),*]
    };
}

/// All types that are known here.
pub static TYPES: &[ActionType] = types![
    "setParticipantData" "SetAttributesAction" "Set Participant Data" SetData Interpret NO;
    "getParticipantData" "GetAttributesAction" "Get Participant Data" GetData Interpret NO;
    "setConversationData" "SetConversationDataAction" "Set Conversation Data" SetConversation Interpret SUCCESS;
    "getConversationData" "" "Get Conversation Data" GetConversation Interpret FOUND;
    "updateData" "UpdateVariableAction" "Update Data" Update Interpret NO;
    "clearSlot" "ClearSlotAction" "Clear Slot" ClearSlot Interpret NO;
    "decision" "DecisionAction" "Decision" Decision Interpret YES_NO;
    "switch" "SwitchAction" "Switch" Switch Interpret &["default"];
    "menu" "Menu" "Menu" Menu Interpret NO;
    "collectInput" "CollectInputAction" "Collect Input" Collect Interpret SUCCESS;
    "callData" "DataAction" "Call Data Action" Lookup Ask ANSWER;
    "callDataSecure" "" "Call Secure Data" Lookup Ask ANSWER;
    "dataTableLookup" "DataTableLookupAction" "Data Table Lookup" TableLookup Ask FOUND_OR_FAILURE;
    "loop" "LoopAction" "Loop" Loop Interpret &["loop"];
    "loopExit" "ExitLoopAction" "Exit Loop" ExitLoop Interpret NO;
    "loopNext" "NextLoopAction" "Next Loop" NextLoop Interpret NO;
    "callTask" "CallTaskAction" "Call Task" CallTask Interpret &["default"];
    "endTask" "EndTaskAction" "End Task" EndTask Interpret NO;
    "jumpToTask" "TransferTaskAction" "Jump to Reusable Task" Jump Interpret NO;
    "jumpToMenu" "TransferMenuAction" "Jump to Menu" Jump Interpret NO;
    "previousMenu" "" "Previous Menu" Unknown Interpret NO;
    "repeatMenu" "" "Repeat Menu" Unknown Interpret NO;
    "menuTask" "TaskAction" "Task" Jump Interpret NO;
    "menuSubMenu" "MenuAction" "Sub-Menu" Jump Interpret NO;
    "changeState" "ChangeStateAction" "Change State" Jump Interpret NO;
    "disconnect" "DisconnectAction" "Disconnect" End End NO;
    "endWorkflow" "EndWorkflowAction" "End Workflow" End End NO;
    "endFlow" "EndFlowAction" "End Flow" End End NO;
    "endState" "EndStateAction" "End State" End End NO;
    "exitBotFlow" "ExitBotFlowAction" "Exit Bot Flow" End End NO;
    "exitWorkitemFlow" "ExitWorkitemFlowAction" "Exit Workitem Flow" End End NO;
    "completeSurveyInvite" "" "Complete Survey Invite" End End NO;
    "abortSurveyInvite" "" "Abort Survey Invite" End End NO;
    "transferToAcd" "TransferPureMatchAction" "Transfer to ACD" Transfer End FAILURE;
    "transferToFlow" "TransferFlowAction" "Transfer to Flow" Transfer End FAILURE;
    "transferToFlowSecure" "" "Transfer to Secure Flow" Transfer End FAILURE;
    "transferToVoicemail" "" "Transfer to Voicemail" Transfer End FAILURE;
    "transferToUser" "TransferUserAction" "Transfer to User" Transfer End FAILURE;
    "transferToGroup" "TransferGroupAction" "Transfer to Group" Transfer End FAILURE;
    "transferToNumber" "TransferExternalAction" "Transfer to Number" Transfer End FAILURE;
    "callBotFlow" "CallBotFlowAction" "Call Bot Flow" CallFlow PassOver NO;
    "callDigitalBotFlow" "CallDigitalBotFlowAction" "Call Digital Bot Flow" CallFlow PassOver NO;
    "callCommonModule" "CallCommonModuleAction" "Call Common Module" CallFlow Interpret NO;
    "askForBoolean" "AskForBooleanAction" "Ask for Boolean" Ask Ask &["yes", "no", "maxNoInputs", "maxNoMatches"];
    "askForSlot" "AskForSlotAction" "Ask for Slot" Ask Ask &["maxNoInputs", "maxNoMatches"];
    "askForIntent" "AskForNLUIntentAction" "Ask for Intent" Ask Ask
        &["noIntent", "knowledge", "maxNoInputs", "maxNoMatches"];
    "digitalMenu" "DigitalMenuAction" "Digital Menu" Ask Ask &["maxNoInputs", "maxNoMatches"];
    "waitForInput" "WaitForInputAction" "Wait for Input" Ask Ask NO;
    "askSurveyQuestion" "AskSurveyQuestionAction" "Ask Survey Question" Ask Ask NO;
    "askForPayment" "AskForPaymentAction" "Ask for Payment" Ask Ask NO;
    "askForString" "AskForStringAction" "Ask for String" Ask Ask NO;
    "evaluateSchedule" "EvaluateScheduleAction" "Evaluate Schedule" Ask Ask &["active", "inactive"];
    "evaluateScheduleGroup" "EvaluateScheduleGroupAction" "Evaluate Schedule Group" Ask Ask
        &["open", "closed", "holiday", "emergency"];
    "getResponse" "GetResponseAction" "Get Response" Ask Ask SUCCESS;
    "findUserById" "FindUserByIdAction" "Find User by Id" Ask Ask FOUND;
    "findUser" "FindUserAction" "Find User" Ask Ask FOUND;
    "findQueue" "FindQueueAction" "Find Queue" Ask Ask FOUND;
    "findQueueById" "FindQueueByIdAction" "Find Queue by Id" Ask Ask FOUND;
    "findGroup" "FindGroupAction" "Find Group" Ask Ask FOUND;
    "findSkill" "FindSkillAction" "Find Skill" Ask Ask FOUND;
    "findLanguageSkill" "FindLanguageSkillAction" "Find Language Skill" Ask Ask FOUND;
    "findSchedule" "FindScheduleAction" "Find Schedule" Ask Ask FOUND;
    "findScheduleGroup" "FindScheduleGroupAction" "Find Schedule Group" Ask Ask FOUND;
    "findEmergencyGroup" "FindEmergencyGroupAction" "Find Emergency Group" Ask Ask FOUND;
    "findUserPrompt" "FindUserPromptAction" "Find User Prompt" Ask Ask FOUND;
    "getExternalContact" "GetExternalContactAction" "Get External Contact" Ask Ask FOUND;
    "sendNotification" "SendNotificationAction" "Send Notification" Passive PassOver SUCCESS;
    "sendAutoReply" "SendAutoReplyAction" "Send Auto Reply" Passive PassOver NO;
    "disconnectWorkitem" "DisconnectWorkitemAction" "Disconnect Workitem" Passive PassOver SUCCESS;
    "communicate" "CommunicateAction" "Communicate" Passive PassOver NO;
    "playAudio" "PlayAudioAction" "Play Audio" Passive PassOver NO;
    "playAudioOnSilence" "" "Play Audio on Silence" Passive PassOver NO;
    "sendResponse" "SendResponseAction" "Send Response" Passive PassOver NO;
    "wait" "WaitAction" "Wait" Passive PassOver NO;
    "holdMusic" "HoldMusicAction" "Hold Music" Passive PassOver NO;
    "playEstimatedWaitTime" "PlayEstimatedWaitTimeAction" "Play Estimated Wait Time" Passive PassOver NO;
    "playPositionInQueue" "" "Play Position in Queue" Passive PassOver NO;
    "transcription" "TranscriptionAction" "Transcription" Passive PassOver NO;
    "addFlowMilestone" "AddFlowMilestoneAction" "Add Flow Milestone" Passive PassOver NO;
    "setFlowOutcome" "SetFlowOutcomeAction" "Set Flow Outcome" Passive PassOver NO;
    "initializeFlowOutcome" "InitializeFlowOutcomeAction" "Initialize Flow Outcome" Passive PassOver NO;
    "setLanguage" "SetLocaleAction" "Set Language" Passive PassOver NO;
    "setScreenPop" "ScreenPopAction" "Set Screen Pop" Passive PassOver NO;
    "setWrapupCode" "SetWrapupCodeAction" "Set Wrapup Code" Passive PassOver NO;
    "setUtilizationLabel" "SetUtilizationLabelAction" "Set Utilization Label" Passive PassOver NO;
    "setPostFlow" "" "Set Post-Flow" Passive PassOver NO;
    "setExternalTag" "SetExternalTagAction" "Set External Tag" Passive PassOver NO;
    "setWhisperAudio" "" "Set Whisper Audio" Passive PassOver NO;
    "createConversationAttribute" "CreateConversationAttributeAction" "Create Conversation Attribute" Elsewhere PassOver NO;
    "updateConversationAttribute" "UpdateConversationAttributeAction" "Update Conversation Attribute" Elsewhere PassOver NO;
    "getConversationAttribute" "GetConversationAttributeAction" "Get Conversation Attribute" Elsewhere PassOver NO;
    "getConversationAttributes" "GetConversationAttributesAction" "Get Conversation Attributes" Elsewhere PassOver NO;
    "setSecuredData" "" "Set Secured Data" Elsewhere PassOver NO;
    "getSecuredData" "" "Get Secured Data" Elsewhere PassOver NO;
    "enableParticipantRecording" "" "Enable Participant Recording" Passive PassOver NO;
];

/// Other spellings: those of tutorials, and abbreviations.
const ALSO: &[(&str, &str)] = &[
    ("setparticipantattributes", "setParticipantData"),
    ("setparticipantattribute", "setParticipantData"),
    ("getparticipantattributes", "getParticipantData"),
    ("getparticipantattribute", "getParticipantData"),
    ("setvariable", "updateData"),
    ("setvariables", "updateData"),
    ("assign", "updateData"),
    ("condition", "decision"),
    ("if", "decision"),
    ("playmenu", "menu"),
    ("ivrmenu", "menu"),
    ("collectdigits", "collectInput"),
    ("getinput", "collectInput"),
    ("calldataaction", "callData"),
    ("securedata", "callDataSecure"),
    ("lookup", "callData"),
    ("datalookup", "callData"),
    ("hangup", "disconnect"),
    ("end", "disconnect"),
    ("exitflow", "endFlow"),
    ("menuexit", "disconnect"),
    ("task", "menuTask"),
    ("start", "playAudio"),
    ("playprompt", "playAudio"),
    ("prompt", "playAudio"),
    ("say", "playAudio"),
    ("greeting", "playAudio"),
    ("transfertoqueue", "transferToAcd"),
    ("transfer", "transferToAcd"),
    ("transfertoexternalnumber", "transferToNumber"),
    ("transfertosecureflow", "transferToFlowSecure"),
];

static BY_NAME: LazyLock<FxHashMap<String, &'static ActionType>> = LazyLock::new(|| {
    let mut names = FxHashMap::default();
    for one in TYPES {
        for name in [one.archy, one.json].into_iter().filter(|name| !name.is_empty()) {
            names.insert(plain(name), one);
        }
    }
    for (also, archy) in ALSO {
        if let Some(one) = TYPES.iter().find(|one| one.archy == *archy) {
            names.entry((*also).to_owned()).or_insert(one);
        }
    }
    names
});

/// A type's name without what the forms spell differently: `SetAttributesAction`, `set_attributes`.
fn plain(type_name: &str) -> String {
    let mut name: String = type_name.chars().filter(char::is_ascii_alphanumeric).collect();
    name.make_ascii_lowercase();
    match name.strip_suffix("action") {
        // `DataAction` is the platform's data action, `MenuAction` a choice that leads to a menu; `action` alone says nothing.
        Some("data" | "calldata" | "menu" | "task" | "") | None => name,
        Some(rest) => rest.to_owned(),
    }
}

/// Whether actions of a type have attributes: they set or read participant data.
pub fn is_data(type_name: &str) -> bool {
    let class = find(type_name).map(|spec| spec.class);
    matches!(class, Some(Class::SetData | Class::GetData | Class::SetConversation | Class::GetConversation))
}

/// What is known of a type, by any of its names. A menu's choices (`menuTransferToAcd`) are the actions they are named for.
pub fn find(type_name: &str) -> Option<&'static ActionType> {
    let name = plain(type_name);
    let known = |name: &str| BY_NAME.get(name).copied();
    known(&name).or_else(|| known(name.strip_prefix("menu").filter(|rest| !rest.is_empty())?)).or_else(|| {
        // Kinds of transfer and jump that no file has shown yet are still transfers and jumps.
        let bare = name.strip_prefix("menu").unwrap_or(&name);
        match () {
            () if bare.starts_with("transfer") => known("transfertoacd"),
            () if bare.starts_with("jumpto") => known("jumptotask"),
            () => None,
        }
    })
}

/// A type as a file spells it; the usual spellings cost no memory for each action.
pub fn spelling(spec: Option<&'static ActionType>, type_name: String) -> Cow<'static, str> {
    let usual = spec.and_then(|spec| [spec.archy, spec.json].into_iter().find(|usual| *usual == type_name));
    usual.map_or(Cow::Owned(type_name), Cow::Borrowed)
}

/// How the settings of an action of this type are read.
pub fn classify(type_name: &str) -> Class {
    find(type_name).map_or(Class::Unknown, |known| known.class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_the_forms_agree() {
        for (names, class) in [
            (["SetAttributesAction", "setParticipantData", "set_participant_data"], Class::SetData),
            (["GetAttributesAction", "getParticipantData", "GetAttributes"], Class::GetData),
            (["UpdateVariableAction", "updateData", "setVariable"], Class::Update),
            (["DataAction", "callData", "dataAction"], Class::Lookup),
            (["TransferPureMatchAction", "transferToAcd", "menuTransferToAcd"], Class::Transfer),
            (["DisconnectAction", "disconnect", "menuDisconnect"], Class::End),
            (["TransferTaskAction", "jumpToTask", "menuJumpToTask"], Class::Jump),
            (["TransferMenuAction", "jumpToMenu", "menuJumpToMenu"], Class::Jump),
            (["MenuAction", "TaskAction", "menuSubMenu"], Class::Jump),
            (["SwitchAction", "switch", "Switch"], Class::Switch),
            (["ExitLoopAction", "loopExit", "exitLoop"], Class::ExitLoop),
            (["Menu", "menu", "ivrMenu"], Class::Menu),
            (["ShowKnowledgeArticleAction", "action", ""], Class::Unknown),
        ] {
            for name in names {
                assert_eq!(classify(name), class, "{name}");
            }
        }
    }

    #[test]
    fn every_name_means_one_type() {
        let mut seen = FxHashMap::default();
        for one in TYPES {
            let mut names = vec![plain(one.archy)];
            if !one.json.is_empty() && plain(one.json) != names[0] {
                names.push(plain(one.json));
            }
            for name in names {
                assert_eq!(seen.insert(name.clone(), one.archy), None, "{name}");
            }
        }
        for (also, archy) in ALSO {
            assert!(!seen.contains_key(*also), "{also} is in the table");
            assert!(TYPES.iter().any(|one| one.archy == *archy), "{archy}");
        }
    }
}
