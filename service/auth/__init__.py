"""Who may ask: API keys, where they are kept, and the commands that make and revoke them."""
