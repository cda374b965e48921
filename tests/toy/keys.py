"""Keys and addresses the tests share."""

KEY = "kZ3qWm0v7uQe1yTn9rXb5cDf8hJl2pAs4gUi6oVtB"
OTHER_KEY = "Vb8nM2xC5zL9kJ4hG7fD1sA6pO3iU0yTqWeRtYuIo"
ORIGIN = "http://127.0.0.1:5005"
