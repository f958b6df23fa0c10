
# What is wrong with the arguments. In English clap says it.
argument-needs-value = { $argument } needs a value
argument-bad-value = { $argument }: `{ $value }` is no such value
argument-wrong-value = { $argument }: `{ $value }`: { $why }
argument-unknown = there is no argument `{ $argument }`
command-unknown = there is no command `{ $command }`
argument-missing = these are missing: { $arguments }
command-missing = a command is missing
argument-conflict = { $argument } cannot be given with { $other }
argument-twice = { $argument } is given twice
argument-number-of-values = { $argument } has the wrong number of values
argument-no-equals = { $argument } needs `=` before its value
argument-not-utf-8 = an argument is not UTF-8
argument-values = possible: { $values }
argument-suggestion = do you mean { $suggestion }?
argument-usage = usage: { $usage }
argument-see-help = `--help` tells more
prefix-error = error:{ " " }
prefix-warning = warning:{ " " }
help-default = [default: { $value }]
help-values = [possible values: { $values }]
