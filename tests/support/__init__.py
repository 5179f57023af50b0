"""What tests share: fakes, sandboxes with a bell, registries, processes."""
