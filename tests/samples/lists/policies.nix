# What our server does with others.
{
  reject = {
    "trick.example" = ''fraud, "as they say"'';
    "hall.example, door.example" = "two at once";
  };

  /* "quiet.example" = "forgiven"; */
  federated_timeline_removal = mkMap {
    "loud.example" = "shouting";
  };
}
