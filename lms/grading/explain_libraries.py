"""What the errors of pandas, numpy, scikit-learn and matplotlib mean, in words for beginners."""

from __future__ import annotations

from .explain_rule import Rule, rule

_TABLES: tuple[Rule, ...] = (
    rule(
        "KeyError",
        r"^\((?P<name>.*)\)$",
        "여러 열을 함께 고를 때는 대괄호를 두 번 씁니다: `df[[{name}]]`.",
        "to take several columns write the brackets twice: `df[[{name}]]`.",
        library="pandas",
    ),
    rule(
        "KeyError",
        r"\[(?P<name>.*)\] not found in axis",
        "지우려는 행이 없습니다: {name}. 열을 지울 때는 `df.drop(columns=…)`로 쓰세요.",
        "there is no row {name} to drop. To drop a column write `df.drop(columns=…)`.",
        library="pandas",
    ),
    rule(
        "KeyError",
        r"\[(?P<name>[^\]]*)\](?: are| not)",
        "표에 없는 열이나 행입니다: {name}. `df.columns`로 이름을 확인하세요. 띄어쓰기와 대소문자도 같아야 합니다.",
        "the table has no column or row {name}. See `df.columns`; blanks and capitals must be the same.",
        library="pandas",
    ),
    rule(
        "KeyError",
        r"(?P<name>.*)",
        "표에 없는 열이나 행입니다: {name}. `df.columns`로 이름을 확인하세요. 띄어쓰기와 대소문자도 같아야 합니다.",
        "the table has no column or row {name}. See `df.columns`; blanks and capitals must be the same.",
        library="pandas",
    ),
    rule(
        "AttributeError",
        r"'(DataFrame|Series)' object has no attribute 'append'",
        "표에는 `.append`가 없습니다. `pd.concat([표1, 표2])`로 이으세요.",
        "a table has no `.append`. Join tables by `pd.concat([one, two])`.",
    ),
    rule(
        "AttributeError",
        r"'(?P<kind>DataFrame|Series)' object has no attribute '(?P<name>.+?)'",
        '표에는 `.{name}`이(가) 없습니다. 열 이름이라면 `df["{name}"]`처럼 쓰고 `df.columns`에 있는지 확인하세요.',
        'a table has no `.{name}`. If it is a column, write `df["{name}"]` and see whether `df.columns` has it.',
    ),
    rule(
        "AttributeError",
        r"Can only use \.dt accessor",
        "날짜가 아닌 열에 `.dt`를 썼습니다. 먼저 `pd.to_datetime(…)`으로 날짜로 바꾸세요.",
        "`.dt` is used on a column that holds no dates. Make them dates first by `pd.to_datetime(…)`.",
    ),
    rule(
        "AttributeError",
        r"Can only use \.str accessor",
        "글자가 아닌 열에 `.str`을 썼습니다. 먼저 `.astype(str)`로 글자로 바꾸세요.",
        "`.str` is used on a column that holds no texts. Make them texts first by `.astype(str)`.",
    ),
    rule(
        "AttributeError",
        r"'(?P<name>\w+)' is not a valid function for",
        "`{name}`라는 계산은 없습니다. 평균은 `mean`, 합계는 `sum`, 개수는 `count`입니다.",
        "there is no calculation called `{name}`. Use `mean`, `sum`, `count` …",
    ),
    rule(
        "IndexError",
        r"single positional indexer",
        "표에 없는 번호의 행이나 열을 찾았습니다. 번호는 0부터 시작합니다.",
        "the table has no row or column of that number. Numbers start at 0.",
    ),
    rule(
        "TypeError",
        r"Cannot index by location",
        "`iloc`에는 번호만 쓸 수 있습니다. 이름으로 고를 때는 `loc`을 쓰세요.",
        "`iloc` takes numbers only. Use `loc` for names.",
    ),
    rule(
        "IndexingError",
        r"Unalignable boolean",
        "조건을 만든 표와 고르려는 표의 행이 다릅니다. 같은 표의 열로 조건을 만드세요.",
        "the condition was made of another table's rows. Make it of the same table's columns.",
    ),
    rule(
        "TypeError",
        r"(Cannot perform 'r?(and|or)_'|for [&|]: )",
        "조건을 &나 |로 이을 때는 조건마다 괄호를 치세요: `(df[…] > 1) & (df[…] < 2)`.",
        "put brackets around each condition that & or | joins: `(df[…] > 1) & (df[…] < 2)`.",
    ),
    rule(
        "TypeError",
        r"(Cannot perform reduction|does not support operation|agg function failed)",
        "글자로 된 열은 평균이나 합계를 구할 수 없습니다. 숫자 열만 고르거나 `pd.to_numeric(…)`으로 바꾸세요.",
        "a column of texts has no mean or sum. Take columns of numbers only, or make them so by `pd.to_numeric(…)`.",
    ),
    rule(
        "TypeError",
        r"no numeric data to plot",
        "그릴 숫자가 없습니다. 숫자 열을 고르거나 `pd.to_numeric(…)`으로 바꾸세요.",
        "there are no numbers to draw. Take a column of numbers, or make one by `pd.to_numeric(…)`.",
    ),
    rule(
        "TypeError",
        r"Only valid with DatetimeIndex",
        "날짜가 행 이름(index)이어야 합니다. `df.set_index(날짜 열)`을 먼저 하거나 `on=`으로 날짜 열을 알려 주세요.",
        "the rows must be named by dates. Call `df.set_index(…)` with the column of dates first, or name it by `on=`.",
    ),
    rule(
        "TypeError",
        r"concat\(\) takes|first argument must be an iterable of pandas objects",
        "`pd.concat`에는 표들을 목록으로 넣습니다: `pd.concat([표1, 표2])`.",
        "`pd.concat` takes a list of tables: `pd.concat([one, two])`.",
    ),
    rule(
        "ValueError",
        r"You are trying to merge on (?P<a>\w+) and (?P<b>\w+) columns for key '(?P<name>.*?)'",
        "두 표에서 열 `{name}`의 종류가 다릅니다({a}, {b}). `.astype(…)`로 같게 만든 뒤 합치세요.",
        "the column `{name}` is of different kinds in the two tables ({a}, {b}). Make them one by `.astype(…)` first.",
    ),
    rule(
        "ValueError",
        r"Cannot convert non-finite values",
        "빈 값(NaN)은 정수로 바꿀 수 없습니다. 먼저 `.dropna()`나 `.fillna(…)`로 처리하세요.",
        "a missing value (NaN) can't be made a whole number. Use `.dropna()` or `.fillna(…)` first.",
    ),
    rule(
        "ValueError",
        r"Index contains duplicate entries",
        "같은 자리에 들어갈 값이 둘 이상입니다. `pivot` 대신 `pivot_table`을 쓰고 `aggfunc=`을 정하세요.",
        "two values belong in one place. Use `pivot_table` with an `aggfunc=` in place of `pivot`.",
    ),
    rule(
        "ValueError",
        r"duplicate labels",
        "행 이름(index)에 같은 것이 있습니다. `.reset_index(drop=True)`를 먼저 하세요.",
        "some rows have the same name. Call `.reset_index(drop=True)` first.",
    ),
    rule(
        "ValueError",
        r"using all scalar values",
        '표를 만들 때 값은 목록으로 넣으세요: `pd.DataFrame({{"a": [1]}})`.',
        'give the values of a table as lists: `pd.DataFrame({{"a": [1]}})`.',
    ),
    rule(
        "EmptyDataError",
        "",
        "파일에 읽을 내용이 없습니다. 다른 파일을 열지 않았는지 확인하세요.",
        "the file is empty. See whether it is the right one.",
    ),
    rule(
        "ParserError",
        "",
        "파일의 칸 수가 줄마다 다릅니다. 구분 기호(`sep=`)가 맞는지, 위의 설명 줄을 `skiprows=`로 건너뛰어야 하는지 보세요.",
        "the file's lines have different numbers of fields. See whether `sep=` is right, or lines at the top need `skiprows=`.",
    ),
)

_ARRAYS: tuple[Rule, ...] = (
    rule(
        "IndexError",
        r"only integers, slices",
        "배열에서는 번호(정수)로만 꺼낼 수 있습니다. 소수라면 `int(…)`로 바꾸세요.",
        "an array is indexed by whole numbers. Make a decimal one by `int(…)`.",
    ),
    rule(
        "IndexError",
        r"boolean index did not match",
        "조건의 길이와 배열의 길이가 다릅니다. 같은 배열로 조건을 만드세요.",
        "the condition is not as long as the array. Make it of the same array.",
    ),
    rule(
        "IndexError",
        r"too many indices for array: array is (?P<a>\d+)-dimensional, but (?P<b>\d+)",
        "{a}차원 배열에서 번호를 {b}개 썼습니다. `.shape`으로 배열의 모양을 확인하세요.",
        "{b} indexes are used on an array of {a} dimension(s). See its `.shape`.",
    ),
    rule(
        "ValueError",
        r"cannot reshape array of size (?P<a>\d+) into shape (?P<b>\(.*?\))",
        "값 {a}개를 {b} 모양으로 바꿀 수 없습니다. 모양을 곱한 수가 값의 개수와 같아야 합니다.",
        "{a} values can't take the shape {b}. Its sizes multiplied must give the number of values.",
    ),
    rule(
        "ValueError",
        r"(mismatch in its core dimension|not aligned)",
        "행렬의 모양이 맞지 않아 곱할 수 없습니다. 앞 행렬의 열 수와 뒤 행렬의 행 수가 같아야 합니다.",
        "the matrices can't be multiplied: the first must have as many columns as the second has rows.",
    ),
    rule(
        "ValueError",
        r"inhomogeneous shape",
        "안쪽 목록의 길이가 서로 달라 배열로 만들 수 없습니다.",
        "the inner lists have different lengths, so they make no array.",
    ),
    rule(
        "ValueError",
        r"must match exactly",
        "이어 붙일 배열의 모양이 서로 다릅니다. `.shape`으로 확인하세요.",
        "the arrays to be joined have different shapes. See their `.shape`.",
    ),
    rule(
        "ValueError",
        r"zero-size array to reduction",
        "비어 있는 배열에서는 가장 큰 값이나 작은 값을 찾을 수 없습니다. 왜 비었는지 확인하세요.",
        "an empty array has no largest or smallest value. See why it is empty.",
    ),
    rule(
        "ValueError",
        r"read-only",
        "이 배열은 바꿀 수 없습니다. `.copy()`로 복사한 뒤 바꾸세요.",
        "this array can't be changed. Change a copy of it: `.copy()`.",
    ),
    rule(
        "TypeError",
        r"only (0-dimensional|length-1|size-1) arrays can be converted",
        "값이 여러 개인 배열을 숫자 하나가 필요한 곳에 썼습니다. `math` 대신 `np`의 함수를 쓰거나 하나를 고르세요.",
        "an array of several values stands where one number is needed. Use `np` in place of `math`, or take one value.",
    ),
    rule(
        "LinAlgError",
        "",
        "이 행렬은 역행렬이 없거나 풀 수 없습니다. 같은 열이 두 번 들어 있지 않은지 확인하세요.",
        "this matrix has no inverse or no solution. See whether a column is there twice.",
    ),
)

_MODELS: tuple[Rule, ...] = (
    rule(
        "NotFittedError",
        "",
        "아직 학습하지 않은 모델입니다. `predict` 전에 `fit(X, y)`을 먼저 하세요.",
        "the model has not learned yet. Call `fit(X, y)` before `predict`.",
    ),
    rule(
        "ValueError",
        r"(?:Input (?P<name>\w+) )?contains (NaN|infinity)",
        "데이터에 빈 값(NaN)이나 무한대가 있습니다. 학습 전에 `.dropna()`나 `.fillna(…)`로 처리하세요.",
        "the data holds missing (NaN) or infinite values. Use `.dropna()` or `.fillna(…)` before learning.",
    ),
    rule(
        "ValueError",
        r"Expected 2D array",
        'X는 표 모양(2차원)이어야 합니다. 열 하나라도 `df[["열 이름"]]`처럼 대괄호를 두 번 쓰세요.',
        'X must be a table (2-dimensional). Even for one column write the brackets twice: `df[["name"]]`.',
    ),
    rule(
        "ValueError",
        r"inconsistent numbers of samples: (?P<a>\[.*?\])",
        "X와 y의 행 수가 다릅니다: {a}. 같은 행에서 골랐는지 확인하세요.",
        "X and y have different numbers of rows: {a}. Take both from the same rows.",
    ),
    rule(
        "ValueError",
        r"X has (?P<a>\d+) features, but \w+ is expecting (?P<b>\d+)",
        "학습할 때는 열이 {b}개였는데 지금은 {a}개입니다. 같은 열을 넣으세요.",
        "the model learned from {b} column(s) and is given {a}. Give it the same ones.",
    ),
    rule(
        "ValueError",
        r"feature names should match",
        "학습할 때와 열 이름이 다릅니다. 같은 열을 같은 순서로 넣으세요.",
        "the columns are not those that the model learned from. Give it the same ones in the same order.",
    ),
    rule(
        "ValueError",
        r"Unknown label type",
        "분류 모델의 y는 종류(0, 1 등)여야 하는데 소수입니다. 수를 예측하려면 회귀 모델(Regressor)을 쓰세요.",
        "a classifier's y must be classes such as 0 and 1. To predict a number use a regressor.",
    ),
    rule(
        "ValueError",
        r"at least 2 classes",
        "y에 한 가지 값만 있습니다. 데이터를 나누거나 고를 때 다른 값이 빠지지 않았는지 확인하세요.",
        "y holds one class only. See whether the others were lost when the data was split or chosen.",
    ),
    rule(
        "ValueError",
        r"Found array with 0 sample",
        "데이터가 한 줄도 없습니다. 조건이나 `dropna`로 모두 지워지지 않았는지 확인하세요.",
        "no row of data is left. See whether a condition or `dropna` took them all away.",
    ),
    rule(
        "ValueError",
        r"can't handle a mix of",
        "맞는 값과 예측값의 종류가 다릅니다. 분류라면 확률이 아니라 `predict`의 결과를 넣으세요.",
        "right and predicted values are of different kinds. For classes give what `predict` returns, not probabilities.",
    ),
    rule(
        "ValueError",
        r"(n_splits=\d+ greater than|least populated class)",
        "데이터가 너무 적어 이렇게 나눌 수 없습니다. 나누는 수를 줄이세요.",
        "there is too little data for this split. Split it into fewer parts.",
    ),
)

_FIGURES: tuple[Rule, ...] = (
    rule(
        "ValueError",
        r"x and y must be the same size",
        "길이가 서로 다른 값을 함께 쓰려고 했습니다. 두 쪽의 길이를 `len(…)`으로 확인하세요.",
        "values of different lengths are put together. Compare them by `len(…)`.",
    ),
    rule(
        "ValueError",
        r"'(?P<name>.*?)' is not a valid (value for color|format string)|Invalid RGBA argument",
        '그래프의 색이나 선 모양을 잘못 썼습니다. `"red"`, `"--"`, `"o"`처럼 쓰세요.',
        'a colour or line style is not known. Write `"red"`, `"--"`, `"o"` and the like.',
    ),
    rule(
        "ValueError",
        r"'(?P<name>.*?)' is not a valid value for (?P<kind>\w+)",
        "`{kind}=`에 쓸 수 없는 값입니다: {name}. 쓸 수 있는 값은 뒤에 나옵니다.",
        "`{kind}=` can't be {name}. The values that it takes are named behind.",
        library="matplotlib",
    ),
    rule(
        "ValueError",
        r"num must be an integer with 1 <= num <= (?P<a>\d+)",
        "그림 칸의 번호는 1부터 {a}까지입니다.",
        "the number of the panel goes from 1 to {a}.",
    ),
    rule(
        "ValueError",
        r"Format '(?P<name>.*?)' is not supported",
        "`{name}` 형식으로는 그림을 저장할 수 없습니다. `.png`를 쓰세요.",
        "a figure can't be saved as `{name}`. Use `.png`.",
    ),
    rule(
        "AttributeError",
        r"\.set\(\) got an unexpected keyword argument '(?P<name>.+?)'",
        "그래프가 받지 않는 이름의 값을 넣었습니다: `{name}`. 철자를 확인하세요(`color`, `label` 등).",
        "the plot takes no value called `{name}`. Check the spelling (`color`, `label` …).",
    ),
    rule(
        "AttributeError",
        r"'numpy\.ndarray' object has no attribute '(?P<name>plot|bar|hist|scatter|set_title|set_xlabel|set_ylabel|legend)'",
        "그림 칸이 여러 개라 배열입니다. `axes[0].{name}(…)`처럼 하나를 골라 쓰세요.",
        "there are several panels in an array. Take one of them: `axes[0].{name}(…)`.",
    ),
)

RULES: tuple[Rule, ...] = (*_TABLES, *_ARRAYS, *_MODELS, *_FIGURES)
