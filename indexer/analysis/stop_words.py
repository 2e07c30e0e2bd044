"""Stop words of the three languages."""

from __future__ import annotations

from indexer.text.languages import Language
from indexer.text.normalization import word_list

#: Words without a topic. Vietnamese does not inflect its words, so one form of each is enough.
STOP_WORDS: dict[Language, frozenset[str]] = {
    "de": word_list(
        """
        aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bin bis da
        damit dann das dass dazu dem den der des dessen die dies diese diesem diesen dieser dieses doch
        dort du durch ein eine einem einen einer eines er es etwa für gab gegen gibt habe haben hat hatte
        hatten hier ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ins ist ja jede jedem jeden jeder
        jedes kann kein keine können man mehr mit muss nach nicht noch nun nur ob oder ohne sehr sein
        seine seinem seinen seiner seit sich sie sind so solche soll sollen sowie über um und uns unter
        viel vom von vor wann war waren warum was welche welchem welchen welcher welches wem wen wenn wer
        werden wessen wie wieso wieviel wird wo woher wohin womit worden wurde wurden zu zum zur zwar
        zwischen
        """
    ),
    "en": word_list(
        """
        a about after all also an and any are as at be been before between both but by can could did do
        does for from had has have he her his how i if in into is it its many may more most much no not of
        on or other our out over she should so some such than that the their them then there these they
        this those to under up was we were what when where which who whom whose why will with would you
        your
        """
    ),
    "vi": word_list(
        """
        ai bao bị bởi các có của cho chưa cùng do đã đang đâu để đến được gì hay hoặc khi không là lên lại
        mà mỗi một nào này nên những như nhưng nhiêu ở qua ra rất rồi sao sau sẽ tại thế theo thì trên
        trong trước từ và vào vẫn vì về việc với
        """
    ),
}
