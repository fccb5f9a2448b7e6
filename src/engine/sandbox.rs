//! A throw-away database server for the demo and the tests.
