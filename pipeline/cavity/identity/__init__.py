"""What a result depends on: the content of objects, and the user's own code behind them."""
