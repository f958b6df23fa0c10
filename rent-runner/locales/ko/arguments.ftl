
# What is wrong with the arguments. In English clap says it.
argument-needs-value = { $argument }에 값이 필요합니다
argument-bad-value = { $argument }: `{ EUL($value, mark: "`") } 쓸 수 없습니다
argument-wrong-value = { $argument }: `{ $value }` 값이 잘못되었습니다: { $why }
argument-unknown = `{ $argument }` 인자가 없습니다
command-unknown = `{ $command }` 명령이 없습니다
argument-missing = 빠진 인자가 있습니다: { $arguments }
command-missing = 명령이 빠져 있습니다
argument-conflict = { GWA($argument) } { EUL($other) } 함께 쓸 수 없습니다
argument-twice = { EUL($argument) } 두 번 썼습니다
argument-number-of-values = { $argument }에 준 값의 개수가 맞지 않습니다
argument-no-equals = { $argument } 뒤에는 `=`와 값을 붙여 쓰세요
argument-not-utf-8 = UTF-8이 아닌 인자가 있습니다
argument-values = 쓸 수 있는 것: { $values }
argument-suggestion = 혹시 { $suggestion }입니까?
argument-usage = 사용법: { $usage }
argument-see-help = 자세한 것은 `--help`를 보세요
prefix-error = 오류:{ " " }
prefix-warning = 경고:{ " " }
help-default = [기본값: { $value }]
help-values = [값: { $values }]
