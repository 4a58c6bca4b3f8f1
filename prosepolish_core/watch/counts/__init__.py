"""What the live path counts about itself, and how it reaches the store."""
