//! Following a list, from the catalogue or by its address.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::{address, known, overview};
use crate::follow::FollowError;
use crate::list::Format;
use crate::list::catalogue;
use crate::store::StoreError;
use crate::text::plain;
use crate::verb::lists::add::{self, AddError, Looked};
use crate::verb::lists::remote::{self, Wanted};
use crate::web::fault::{Answer, Fault};
use crate::web::input::Form;
use crate::web::limits::Address;
use crate::web::patience::{PATIENCE, patiently};
use crate::web::site::Site;
use crate::web::visitor::Person;
use crate::web::words;

/// What stands in the form.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    pub list: String,
    pub name: String,
    pub format: String,
    /// What is to be read about the list was read.
    pub agree: String,
    /// It is followed although nobody should.
    pub anyway: String,
}

/// The form as a page shows it.
pub struct AddForm {
    pub typed: Typed,
    /// The list is given, and not typed.
    pub fixed: bool,
    pub problem: Option<String>,
    /// What a person has to have read first.
    pub notices: Vec<&'static str>,
    /// Why nobody should follow it.
    pub advised: Option<String>,
    /// Word, name, whether it is chosen.
    pub formats: Vec<(&'static str, String, bool)>,
}

impl AddForm {
    pub fn new(typed: Typed) -> AddForm {
        let format =
            |format: &Format| (format.word(), format.to_string(), format.word() == typed.format);
        AddForm {
            formats: Format::ALL.iter().map(format).collect(),
            typed,
            fixed: false,
            problem: None,
            notices: Vec::new(),
            advised: None,
        }
    }

    /// With what is to be read and ticked for this list.
    pub fn about(mut self, looked: &Looked) -> AddForm {
        self.notices = looked.notices();
        if let Err(AddError::Advised { why, .. }) = looked.advised(false) {
            self.notices.clear();
            self.advised = Some(why);
        }
        self
    }
}

pub async fn follow(
    State(site): State<Site>,
    person: Person,
    from: Address,
    Form(typed): Form<Typed>,
) -> Answer {
    site.limits().fetch(from)?;
    let typed = Typed { list: typed.list.trim().to_owned(), ..typed };
    let problem = match add(&person, &typed).await {
        Ok(name) => return Ok(Redirect::to(&address(&name)).into_response()),
        Err(Refused::Fault(fault)) => return Err(fault),
        Err(Refused::Told(problem)) => problem,
    };
    page_with(&person, typed, problem).await
}

/// The page that the form stood on, with what was typed and what is wrong with it.
async fn page_with(person: &Person, typed: Typed, problem: String) -> Result<Response, Fault> {
    let looked = add::look(&typed.list).ok();
    let named = catalogue::find(&typed.list);
    let mut form = AddForm::new(typed);
    if let Some(looked) = &looked {
        form = form.about(looked);
    }
    form.problem = Some(problem);
    match named {
        Some(listing) => known::page(person, listing, form).await,
        None => overview::page(person, overview::Wanted::default(), form).await,
    }
}

enum Refused {
    /// To be said beside the form.
    Told(String),
    Fault(Fault),
}

impl<E: Into<anyhow::Error>> From<E> for Refused {
    fn from(error: E) -> Refused {
        Refused::Fault(Fault::from(error))
    }
}

/// What a person can be told, and what only the log tells.
fn refused(error: AddError) -> Refused {
    let says = match &error {
        AddError::Gap { title, address, fill_in } => format!(
            "The address of {title} has a gap that you have to fill: {address} ({fill_in}). \
             Write the whole address into the form on the page of all lists."
        ),
        AddError::Advised { title, .. } => format!(
            "{title} should not be followed. If you have read why and want it all the same, say so \
             below."
        ),
        AddError::Password => "The address has a password in it, which would be kept in the open. \
                               A list behind a password cannot be followed here."
            .to_owned(),
        AddError::Name(name) => format!(
            "\u{201c}{}\u{201d} cannot be a list\u{2019}s name. Use letters, digits and hyphens.",
            crate::text::fit(name, 60)
        ),
        AddError::NameOfBundled(name) => {
            format!("{name} is the name of a list that comes with Hedgerow. Choose another name.")
        }
        AddError::Follow(FollowError::Store(StoreError::Taken(name)))
        | AddError::Store(StoreError::Taken(name)) => {
            format!("You follow a list with the name {name} already. Choose another name.")
        }
        AddError::Store(_) | AddError::Follow(FollowError::Store(_)) => {
            return Refused::Fault(Fault::Broken(error.into()));
        }
        AddError::Unread(_) => {
            "Read what is said about this list below, and tick that you have.".to_owned()
        }
        AddError::Retractions(title) => format!(
            "These are the servers that {title} has taken back. Who blocks from it undoes the \
             corrections."
        ),
        AddError::TooMany => {
            format!("You follow {} lists, which is as many as you can here.", remote::MOST)
        }
        AddError::Bundled(_) | AddError::Key(_) | AddError::Source(_) => {
            words::sentence(&words::told(&error.to_string()))
        }
        AddError::Follow(_) => return follow_refused(error),
    };
    Refused::Told(says)
}

/// What stands in the way of a list itself.
fn follow_refused(error: AddError) -> Refused {
    let AddError::Follow(error) = error else { return Refused::Fault(error.into()) };
    match Fault::from(error) {
        Fault::Told { says, .. } => Refused::Told(says),
        other => Refused::Fault(other),
    }
}

/// Follows what was typed, and says what it is called from now on.
async fn add(person: &Person, typed: &Typed) -> Result<String, Refused> {
    if typed.list.is_empty() {
        return Err(Refused::Told("Which list? Write its address, or choose one below.".into()));
    }
    let format = match typed.format.as_str() {
        "" => None,
        word => Some(
            Format::from_word(word)
                .ok_or_else(|| Refused::Told("There is no such format.".to_owned()))?,
        ),
    };
    let wanted = Wanted {
        list: typed.list.clone(),
        name: Some(typed.name.trim().to_owned()).filter(|name| !name.is_empty()),
        format,
        agree: typed.agree == "yes",
        anyway: typed.anyway == "yes",
    };
    let app = person.app.clone();
    let ready = remote::ready(&app, app.lists().await?, &wanted).await.map_err(refused)?;
    let shown = plain(&ready.address()).into_owned();
    match patiently(async move { ready.follow(&app).await }).await? {
        Some(done) => done.map_err(refused),
        None => Err(Refused::Told(format!(
            "{shown} did not answer within {} seconds, so the list is not followed. Try again \
             later.",
            PATIENCE.as_secs()
        ))),
    }
}
