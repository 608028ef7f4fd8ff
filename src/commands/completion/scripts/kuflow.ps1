# PowerShell completion for kuflow and create-kuflow-worker. Neither typed words nor candidates are ever evaluated.
Register-ArgumentCompleter -Native -CommandName kuflow, create-kuflow-worker -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $program = Get-Command kuflow -CommandType Application, ExternalScript -ErrorAction SilentlyContinue | Select-Object -First 1
  if (-not $program) { return }
  # Each word gets a = in front, because Windows PowerShell drops empty arguments.
  $words = @(foreach ($element in $commandAst.CommandElements) {
    if ($element.Extent.StartOffset -ge $cursorPosition) { break }
    if ($element.Extent.EndOffset -ge $cursorPosition -and $wordToComplete -ne '') { break }
    if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) { "=$($element.Value)" }
    else { "=$($element.Extent.Text)" }
  })
  $words += "=$wordToComplete"
  $found = @(& $program __complete powershell -- $words 2>$null)
  if ($found.Count -eq 0 -or $found[0] -notlike 'words*') { return }
  foreach ($line in $found[1..$found.Count]) {
    if (-not $line) { continue }
    $value, $description = $line -split "`t", 2
    if (-not $description) { $description = $value }
    # Quote everything that is not plain. In single quotes only the quote characters themselves are special.
    $text = if ($value -match '^[A-Za-z0-9_./:=-]+$') { $value } else { "'" + ($value -replace "['\u2018-\u201b]", '$0$0') + "'" }
    [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $description)
  }
}
