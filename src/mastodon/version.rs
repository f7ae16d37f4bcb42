pub struct Version(u32, u32, u32);
impl Version {
    pub fn parse(text: &str) -> Option<Version> {
        let core = text.split(['-', '+', ' ']).next()?;
        let mut parts = core.split('.').map(|p| p.parse().ok());
        Some(Version(parts.next()??, parts.next()??, parts.next().flatten().unwrap_or(0)))
    }
    pub fn at_least(&self, a: u32, b: u32, c: u32) -> bool {
        (self.0, self.1, self.2) >= (a, b, c)
    }
}
