"""What the emulator is about: resources, subscriptions and refusals, as values and as what there is of them."""
