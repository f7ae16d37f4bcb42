use anyhow::Result;
use clap::Args;

use crate::cli::check::format_named;
use crate::follow::{Lists, Settings};
use crate::list::Format;
use crate::list::catalogue::Signature;
use crate::secret::AuthRef;
use crate::verb::lists::add::signed;

/// How a list is followed.
#[derive(Args, Default)]
pub struct SettingsArgs {
    /// Read the list as this format, whatever its content looks like
    #[arg(long, value_parser = format_named)]
    format: Option<Format>,

    /// What the address asks for: bearer:env:NAME, bearer:file:PATH, basic:USER:env:NAME or
    /// basic:USER:file:PATH. The secret itself is never kept
    #[arg(long, value_name = "HOW")]
    auth: Option<AuthRef>,

    /// Where the list's signature is (Ed25519, over the list's SHA-256); needs --key
    #[arg(long, value_name = "ADDRESS", requires = "key")]
    signature: Option<String>,

    /// The publisher's key in base64, or where it is
    #[arg(long, value_name = "KEY|ADDRESS", requires = "signature")]
    key: Option<String>,

    /// Hold a version that has lost more of its domains than this, in percent
    #[arg(long, value_name = "PERCENT")]
    max_removed_percent: Option<u32>,

    /// Hold a version that has lost more domains than this, however long the list is
    #[arg(long, value_name = "N")]
    max_removed: Option<usize>,

    /// Hold a version that has grown by more than this, in percent
    #[arg(long, value_name = "PERCENT")]
    max_added_percent: Option<u32>,

    /// Hold a version that has more new domains than this
    #[arg(long, value_name = "N")]
    max_added: Option<usize>,

    /// Hold a version that changes the severity of more of its domains, in percent
    #[arg(long, value_name = "PERCENT")]
    max_regraded_percent: Option<u32>,
}

impl SettingsArgs {
    /// With the signature that is known of the list, unless another was given.
    pub fn or_signed(mut self, known: Option<&Signature>) -> Self {
        if let (None, Some(known)) = (&self.signature, known) {
            self.signature = Some(known.address.clone());
            self.key = Some(known.public_key.clone());
        }
        self
    }

    /// Puts what was given in the place of what is there.
    pub async fn put(self, settings: &mut Settings, lists: &Lists) -> Result<()> {
        if self.format.is_some() {
            settings.format = self.format;
        }
        if self.auth.is_some() {
            settings.auth = self.auth;
        }
        if let (Some(signature), Some(key)) = (self.signature, self.key) {
            settings.signed = Some(signed(lists, &signature, &key).await?);
        }
        let limits = &mut settings.limits;
        let put = |place: &mut u32, given: Option<u32>| *place = given.unwrap_or(*place);
        put(&mut limits.removed_percent, self.max_removed_percent);
        put(&mut limits.added_percent, self.max_added_percent);
        put(&mut limits.regraded_percent, self.max_regraded_percent);
        limits.removed_rows = self.max_removed.unwrap_or(limits.removed_rows);
        limits.added_rows = self.max_added.unwrap_or(limits.added_rows);
        Ok(())
    }
}
