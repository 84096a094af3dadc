"""The least that a Textual app can be, as the floor of the screen's figures: a line of text that counts keys."""

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Static


class Hello(App[None]):
    """Says hello, and how many keys were pressed since; `q` ends it."""

    def compose(self) -> ComposeResult:
        """The line."""
        self.keys = 0
        self.line = Static("hello, keys 0")
        yield self.line

    def on_key(self, event: events.Key) -> None:
        """Count."""
        if event.key == "q":
            self.exit()
            return
        self.keys += 1
        self.line.update(f"hello, keys {self.keys}")


if __name__ == "__main__":
    Hello().run()
