//! How a list is followed: its limits, its format, its address.

use serde::Deserialize;

use super::deeds::back;
use super::one::show;
use super::own;
use crate::follow::guard::Limits;
use crate::follow::settings_of;
use crate::list::Format;
use crate::source::Source;
use crate::store::FollowedList;
use crate::text::plain;
use crate::verb::lists::remote;
use crate::web::fault::{Answer, Fault};
use crate::web::input::{Form, Path};
use crate::web::visitor::Person;

/// As it was typed: a limit that is not a number comes back.
#[derive(Deserialize)]
pub struct Changed {
    #[serde(default)]
    pub address: String,
    #[serde(default)]
    pub format: String,
    pub removed_percent: String,
    pub removed_rows: String,
    pub added_percent: String,
    pub added_rows: String,
    pub regraded_percent: String,
}

/// How a list is followed, and the form that changes it.
pub(super) struct SettingsView {
    pub limits: Limits,
    pub format: Option<Format>,
    pub auth: Option<String>,
    pub signed: bool,
    /// It is a file on this machine, whose address is for the command line.
    pub file: bool,
    /// A form was not taken, and is shown.
    pub refused: bool,
    pub form: Changed,
    pub formats: Vec<(&'static str, String, bool)>,
}

/// Changes how the list is followed. Settings that cannot be taken come back as they were.
pub async fn settings(
    person: Person,
    Path(name): Path<String>,
    Form(changed): Form<Changed>,
) -> Answer {
    let list = own(&person, &name).await?;
    match keep(&person, &list, &changed).await {
        Ok(()) => Ok(back(&list)),
        Err(fault) => {
            let problem = fault.above_form()?;
            show(&person, Box::new(list), Some((changed, problem))).await
        }
    }
}

async fn keep(person: &Person, list: &FollowedList, changed: &Changed) -> Result<(), Fault> {
    let format = match changed.format.as_str() {
        "" => None,
        word => Some(Format::from_word(word).ok_or(Fault::input("There is no such format."))?),
    };
    let limits = changed.limits()?;
    let address = Some(changed.address.trim().to_owned()).filter(|address| !address.is_empty());
    let to = remote::Change { address, format, limits };
    Ok(remote::change(&person.app.lists().await?, list, to).await?)
}

impl Changed {
    /// What holds, as the fields of the form have it. An address is only written there to be
    /// changed.
    pub fn of(limits: &Limits, format: Option<Format>) -> Changed {
        Changed {
            address: String::new(),
            format: format.map_or_else(String::new, |format| format.word().to_owned()),
            removed_percent: limits.removed_percent.to_string(),
            removed_rows: limits.removed_rows.to_string(),
            added_percent: limits.added_percent.to_string(),
            added_rows: limits.added_rows.to_string(),
            regraded_percent: limits.regraded_percent.to_string(),
        }
    }

    fn limits(&self) -> Result<Limits, Fault> {
        fn number<T: std::str::FromStr>(text: &str) -> Result<T, Fault> {
            let says = "A limit is a whole number, such as 20.";
            text.trim().parse().map_err(|_| Fault::input(says))
        }
        Ok(Limits {
            removed_percent: number(&self.removed_percent)?,
            removed_rows: number(&self.removed_rows)?,
            added_percent: number(&self.added_percent)?,
            added_rows: number(&self.added_rows)?,
            regraded_percent: number(&self.regraded_percent)?,
        })
    }
}

impl SettingsView {
    /// The form has what was sent and not taken, or else what holds.
    pub fn of(list: &FollowedList, refused: Option<Changed>) -> Result<SettingsView, Fault> {
        let settings = settings_of(list)?;
        let was_refused = refused.is_some();
        let form = refused.unwrap_or_else(|| Changed::of(&settings.limits, settings.format));
        let format =
            |format: &Format| (format.word(), format.to_string(), format.word() == form.format);
        Ok(SettingsView {
            limits: settings.limits,
            format: settings.format,
            auth: settings.auth.as_ref().map(|auth| plain(&auth.to_string()).into_owned()),
            signed: settings.signed.is_some(),
            file: matches!(Source::kept_as(&list.source)?, Source::File(_)),
            refused: was_refused,
            formats: Format::ALL.iter().map(format).collect(),
            form,
        })
    }
}
