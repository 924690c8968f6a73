"""Two conversations held against each other: a real charger's and its twin's, or any two.

`words` says what a frame is and in which lane its order counts; `payloads` compares what two frames
of a kind say; `orders` what comes before what on different lanes; `delays` how long things take;
`measured` what flows and how warm it gets. What chance decides is judged as a rate (`chances`), and
delays also as distributions (`distributions`), over everything that was played. The yardstick
(`yardstick`) is made of the real conversations alone. `verdicts` puts a verdict to each frame.
"""
