mod plan_laws;
