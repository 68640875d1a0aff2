"""What flows can do: rasa-sdk actions that call the shop's services."""
