mod plan_laws;
mod store;
