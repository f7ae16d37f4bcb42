import Config

# Words, not servers.
config :pleroma, :mrf_keyword,
  reject: ["mill.example", ~r/flour/i]

config :pleroma, :mrf_simple,
  media_removal: [
    {"loud.example", "posters"},
    "trick.example"
  ],
  federated_timeline_removal: [{"loud.example", "shouting"}],
  reject: [
    {"trick.example", "fraud"}, # since spring
    {"*.gate.example", ""},
    "hall.example, door.example",
    {"#{System.get_env("WORST")}", "from outside"}
  ] ++ Mill.more(),
  media_nsfw: ["paint.example"],
  report_removal: ~w(noise.example trick.example)
