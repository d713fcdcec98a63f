"""Teams, channels, virtual events, meetings, anything that can be subscribed to. Writes in, changes out."""
